package topic

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/carillon-events/carillon/internal/arn"
	"github.com/carillon-events/carillon/internal/delivery"
	"github.com/carillon-events/carillon/internal/queue"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/store/storetest"
	targetqueue "github.com/carillon-events/carillon/internal/target/queue"
	"github.com/carillon-events/carillon/internal/topic"
)

const (
	account = "111122223333"
	region  = "eu-west-1"
)

func TestATopicTakesAnEventInTheTransactionThatAcceptsIt(t *testing.T) {
	s := storetest.Open(t)
	target := &Target{Core: topic.New(topic.DefaultLimits, [32]byte{1}, nil), Unsubscribe: "http://h/?Action=Unsubscribe&SubscriptionArn="}
	target.Core.Through(delivery.New(map[string]delivery.Target{targetqueue.Service: targetqueue.Target{}, Service: target}, delivery.DefaultPolicy))
	must := func(fn func(tx *store.Tx) error) {
		t.Helper()
		if err := s.Update(context.Background(), fn); err != nil {
			t.Fatal(err)
		}
	}
	d := func(key string) *delivery.Delivery {
		return &delivery.Delivery{
			Key: delivery.Key([]byte(fmt.Sprintf("%-16s", key))), Target: arn.Topic(region, account, "t"), Source: "arn:aws:events:eu-west-1:111122223333:rule/r",
			Body: []byte(`{"a":1}`), AcceptedAt: time.Now(),
		}
	}
	err := s.Update(t.Context(), func(tx *store.Tx) error { return target.Deliver(tx, d("none"), nil) })
	if !errors.Is(err, delivery.ErrMissing) {
		t.Errorf("without a topic: %v", err)
	}
	for _, bad := range []string{"t:x", "a/b"} {
		d := d("bad")
		d.Target.Resource = bad
		err := s.Update(t.Context(), func(tx *store.Tx) error { return target.Deliver(tx, d, target.Prepare(d)) })
		if !errors.Is(err, delivery.ErrRefused) {
			t.Errorf("%s: %v", bad, err)
		}
	}
	n := topic.Name{Account: account, Region: region, Topic: "t"}
	must(func(tx *store.Tx) error { return target.Core.Create(tx, n, topic.Settings{}, nil) })
	for i := range 20 {
		q := queue.Name{Account: account, Region: region, Name: fmt.Sprint("q", i)}
		must(func(tx *store.Tx) error {
			if err := queue.Create(tx, q, queue.Settings{Config: queue.Config{HideFor: time.Hour}}); err != nil {
				return err
			}
			_, err := target.Core.Subscribe(tx, n, topic.Request{
				ID: topic.ID{byte(i + 1)}, Protocol: topic.Queue, Endpoint: arn.Queue(region, account, q.Name).String(), Owner: account,
				Settings: topic.Subscribed{Raw: true}, Confirmed: true,
			})
			return err
		})
		if i == 1 { // few enough: in the transaction
			must(func(tx *store.Tx) error { d := d("one"); return target.Deliver(tx, d, target.Prepare(d)) })
			must(func(tx *store.Tx) error { return target.Deliver(tx, d("two"), nil) })
			must(func(tx *store.Tx) error {
				q, err := queue.Find(tx, queue.Name{Account: account, Region: region, Name: "q1"})
				if err != nil {
					return err
				}
				got, err := queue.Receive(tx, q, queue.ReceiveInput{Max: 10})
				if len(got) != 2 || got[0].Body != `{"a":1}` {
					t.Errorf("received %v", got)
				}
				return err
			})
		}
	}
	// More than a rule may send to in the event's transaction: the fan-out has them.
	must(func(tx *store.Tx) error { d := d("many"); return target.Deliver(tx, d, target.Prepare(d)) })
	ctx, stop := context.WithTimeout(t.Context(), 10*time.Second)
	defer stop()
	job, err := target.Core.Next(ctx, s.Shard)
	if err != nil {
		t.Fatal(err)
	}
	if over, err := job.Step(ctx); err != nil || !over {
		t.Error(over, err)
	}
}
