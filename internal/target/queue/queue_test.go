package queue

import (
	"context"
	"crypto/md5"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/carillon-events/carillon/internal/arn"
	"github.com/carillon-events/carillon/internal/delivery"
	"github.com/carillon-events/carillon/internal/queue"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/transform"
)

func open(t *testing.T) *store.Shard {
	t.Helper()
	s, err := store.Open("data", store.Options{FS: vfs.NewMem(), Logger: slog.New(slog.NewTextHandler(io.Discard, nil))})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ran := make(chan error, 1)
	go func() { ran <- s.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := errors.Join(<-ran, s.Close()); err != nil {
			t.Error(err)
		}
	})
	return s.Shard(0)
}

const (
	account = "111122223333"
	region  = "eu-west-1"
)

func create(t *testing.T, sh *store.Shard, name string, c queue.Config) {
	t.Helper()
	err := sh.Update(t.Context(), func(tx *store.Tx) error {
		return queue.Create(tx, queue.Name{Account: account, Region: region, Name: name}, queue.Settings{Config: c})
	})
	if err != nil {
		t.Fatal(err)
	}
}

// deliver delivers body to a queue; prepared says whether Prepare is called first.
func deliver(t *testing.T, sh *store.Shard, name, group, body string, prepared bool) error {
	t.Helper()
	d := &delivery.Delivery{
		Key: delivery.Key([]byte("0123456789abcdef")), Target: arn.Queue(region, account, name),
		GroupID: group, Trace: "Root=1", Body: []byte(body),
	}
	var p any
	if prepared {
		p = Target{}.Prepare(d)
	}
	return sh.Update(t.Context(), func(tx *store.Tx) error { return Target{}.Deliver(tx, d, p) })
}

func receive(t *testing.T, sh *store.Shard, name string) (got []queue.Message) {
	t.Helper()
	err := sh.Update(t.Context(), func(tx *store.Tx) error {
		q, err := queue.Find(tx, queue.Name{Account: account, Region: region, Name: name})
		if err != nil {
			return err
		}
		got, err = queue.Receive(tx, q, queue.ReceiveInput{Max: 10})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func TestADeliveryIsAMessage(t *testing.T) {
	sh := open(t)
	create(t, sh, "q", queue.Config{})
	for _, prepared := range []bool{true, false} {
		if err := deliver(t, sh, "q", "", `{"a":1}`, prepared); err != nil {
			t.Fatal(err)
		}
	}
	got := receive(t, sh, "q")
	if len(got) != 2 {
		t.Fatalf("%d messages", len(got))
	}
	for _, m := range got {
		if string(m.ID[:]) != "0123456789abcdef" || m.Body != `{"a":1}` || m.Sum != md5.Sum([]byte(`{"a":1}`)) || m.Trace != "Root=1" || m.Sender != sender {
			t.Errorf("%+v", m)
		}
	}
}

func TestAFIFOQueueTakesADeliveryOnceAndInItsGroup(t *testing.T) {
	sh := open(t)
	create(t, sh, "q.fifo", queue.Config{FIFO: true})
	for range 2 {
		if err := deliver(t, sh, "q.fifo", "g", `{}`, true); err != nil {
			t.Fatal(err)
		}
	}
	if got := receive(t, sh, "q.fifo"); len(got) != 1 || got[0].Group != "g" || got[0].Dedup != "30313233-3435-3637-3839-616263646566" {
		t.Errorf("%+v", got)
	}
}

func TestAQueueThatDoesNotExistMayComeToExist(t *testing.T) {
	if err := deliver(t, open(t), "q", "", `{}`, true); !errors.Is(err, delivery.ErrUnavailable) || !errors.Is(err, delivery.ErrMissing) {
		t.Error(err)
	}
}

func TestADeadLetterSaysHowItsDeliveryEnded(t *testing.T) {
	const rule = "arn:aws:events:eu-west-1:111122223333:rule/r"
	for want, end := range map[string]delivery.End{
		"ERROR_CODE=NO_RESOURCE ERROR_MESSAGE=target is not available: it does not exist EXHAUSTED_RETRY_CONDITION=MaximumRetryAttempts RETRY_ATTEMPTS=2":          {Reason: delivery.ErrMissing, Exhausted: delivery.MaxAttempts, Retries: 2},
		"ERROR_CODE=ERROR_FROM_TARGET ERROR_MESSAGE=target is not available EXHAUSTED_RETRY_CONDITION=MaximumEventAgeInSeconds RETRY_ATTEMPTS=7":                   {Reason: delivery.ErrUnavailable, Exhausted: delivery.MaxAge, Retries: 7},
		"ERROR_CODE=INVALID_PARAMETER ERROR_MESSAGE=target refuses the delivery: message is larger than the queue allows RETRY_ATTEMPTS=0":                         {Reason: fmt.Errorf("%w: %w", delivery.ErrRefused, queue.ErrTooLarge)},
		"ERROR_CODE=INVALID_JSON ERROR_MESSAGE=target refuses the delivery: the event does not suit it: the event has no value at the input path RETRY_ATTEMPTS=0": {Reason: fmt.Errorf("%w: %w", delivery.ErrUnfit, transform.ErrPathMissing)},
	} {
		sh := open(t)
		create(t, sh, "dead", queue.Config{})
		end.Target = arn.Queue(region, account, "q")
		d := &delivery.Delivery{Source: rule, Target: arn.Queue(region, account, "dead"), Body: []byte(`{"id":"1"}`), Ended: &end}
		if err := sh.Update(t.Context(), func(tx *store.Tx) error { return Target{}.Deliver(tx, d, nil) }); err != nil {
			t.Fatal(err)
		}
		got := receive(t, sh, "dead")
		if len(got) != 1 || got[0].Body != `{"id":"1"}` {
			t.Fatalf("%+v", got)
		}
		var said []string
		queue.EachAttribute(got[0].Attributes, func(a queue.Attribute) {
			said = append(said, a.Name+"="+string(a.Value))
			if a.Type != "String" || a.Binary {
				t.Errorf("%+v", a)
			}
		})
		want += " RULE_ARN=" + rule + " TARGET_ARN=arn:aws:sqs:eu-west-1:111122223333:q"
		if all := strings.Join(said, " "); all != want {
			t.Errorf("got  %s\nwant %s", all, want)
		}
	}
}

func TestWhatAQueueNeverTakesIsRefused(t *testing.T) {
	sh := open(t)
	create(t, sh, "small", queue.Config{MaxMessageBytes: 10})
	create(t, sh, "q.fifo", queue.Config{FIFO: true})
	if err := deliver(t, sh, "small", "", `{"a":"0123456789"}`, true); !errors.Is(err, delivery.ErrRefused) {
		t.Errorf("too large: %v", err)
	}
	if err := deliver(t, sh, "q.fifo", "", `{}`, true); !errors.Is(err, delivery.ErrRefused) {
		t.Errorf("no group: %v", err)
	}
}

func TestDeliveriesOfOneEventShareItsBodyAndTransformedOnesDoNot(t *testing.T) {
	sh := open(t)
	event := strings.Repeat("the event ", 100)
	outbox := delivery.New(map[string]delivery.Target{Service: Target{}}, delivery.DefaultPolicy)
	var ds []delivery.Delivery
	for i := range 5 {
		name := fmt.Sprintf("q%d", i)
		create(t, sh, name, queue.Config{})
		ds = append(ds, delivery.Delivery{
			Key: delivery.Key([]byte(fmt.Sprintf("%016d", i))), Target: arn.Queue(region, account, name), Body: []byte(event),
		})
	}
	ds[1].Event, ds[1].Body = ds[1].Body, []byte("transformed")
	ds[2].Unfit = errors.New("no body")
	ds[3].Target.Resource = "nowhere" // waits in the outbox, with a body of its own
	outbox.PrepareAll(ds, ds[0].Body)
	if ds[0].Shared == nil || ds[0].Shared != ds[4].Shared || ds[1].Shared != nil || ds[2].Shared != nil {
		t.Fatal("the wrong deliveries share their body")
	}
	err := sh.Update(t.Context(), func(tx *store.Tx) error {
		for i := range ds {
			if _, err := outbox.Send(tx, &ds[i]); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"q0": event, "q1": "transformed", "q4": event} {
		got := receive(t, sh, name)
		if len(got) != 1 || got[0].Body != want || got[0].Sum != md5.Sum([]byte(want)) {
			t.Errorf("%s has %+v", name, got)
		}
	}
	verify(t, sh)
}

func verify(t *testing.T, sh *store.Shard) {
	t.Helper()
	if err := sh.View(func(v *store.View) error { return queue.Verify(v, func(p string) { t.Error(p) }) }); err != nil {
		t.Error(err)
	}
}

func TestAFIFOQueueTakesASharedBodyOnce(t *testing.T) {
	sh := open(t)
	create(t, sh, "q.fifo", queue.Config{FIFO: true})
	create(t, sh, "q", queue.Config{MaxMessageBytes: 999})
	event := []byte(strings.Repeat("the event ", 100))
	send := func() {
		d := delivery.Delivery{Key: delivery.Key([]byte("0123456789abcdef")), GroupID: "g", Body: event, Shared: Target{}.Share(event, 4)}
		for name, want := range map[string]error{"q.fifo": nil, "q": delivery.ErrRefused} {
			d.Target = arn.Queue(region, account, name)
			if err := sh.Update(t.Context(), func(tx *store.Tx) error { return Target{}.Deliver(tx, &d, nil) }); !errors.Is(err, want) {
				t.Errorf("deliver to %s: %v", name, err)
			}
		}
	}
	send()
	send()
	if got := receive(t, sh, "q.fifo"); len(got) != 1 || got[0].Body != string(event) {
		t.Errorf("%+v", got)
	}
	verify(t, sh)
}
