package topic

import (
	"fmt"
	"testing"

	"github.com/carillon-events/carillon/internal/store"
)

// crowd subscribes count queues to a topic.
func crowd(t testing.TB, n *node, topic string, count int) {
	t.Helper()
	for from := 0; from < count; from += 1000 {
		n.must(func(tx *store.Tx) error {
			for i := range min(1000, count-from) {
				r := Request{ID: n.nextID(), Protocol: Queue, Endpoint: fmt.Sprintf("arn:aws:sqs:eu-west-1:111122223333:queue-%d", from+i), Owner: "111122223333", Confirmed: true}
				r.ID[1], r.ID[2] = byte((from+i)>>16), byte((from+i)>>8)
				if _, err := n.Subscribe(tx, named(topic), r); err != nil {
					return err
				}
			}
			return nil
		})
	}
}

// However many subscriptions a topic has: they come in pages, and when it is
// deleted others are served between the steps.
func TestATopicWithManySubscriptionsIsReadAndDeletedInParts(t *testing.T) {
	const many = 20_000
	n := start(t, DefaultLimits)
	wantError(t, "create", n.create("a", Config{}), nil)
	crowd(t, n, "a", many)
	want(t, "counts", n.counts("a"), Counts{Confirmed: many})
	var middle string
	n.view(func(v *store.View) error {
		for range 3 {
			subs, next, err := ByTopic(v, named("a"), middle, 100)
			if err != nil || len(subs) != 100 {
				t.Errorf("%d, %v", len(subs), err)
			}
			middle = next
		}
		return nil
	})
	n.endTimers() // the steps are ours
	n.must(func(tx *store.Tx) error { return n.Delete(tx, named("a")) })
	for left := many; left > 0; left -= deleteStep {
		n.must(func(tx *store.Tx) error { return n.Sweep(tx, tx.Now(), deletionRef(1)) })
		n.view(func(v *store.View) error {
			keys := 0
			err := store.Each(v, []byte(subSpace), "", func(string, []byte) (bool, error) {
				keys++
				return true, nil
			})
			want(t, "left", keys, left-deleteStep)
			return err
		})
	}
	wantError(t, "verify", n.verify(), nil)
}

func BenchmarkSubscribeToATopicOf100000(b *testing.B) {
	n := start(b, DefaultLimits)
	if err := n.create("a", Config{}); err != nil {
		b.Fatal(err)
	}
	crowd(b, n, "a", 100_000)
	i := 0
	for b.Loop() {
		i++
		if _, err := n.subscribe("a", Request{Protocol: Queue, Endpoint: fmt.Sprint(i), Confirmed: true, ID: ID{0xff, byte(i >> 16), byte(i >> 8), byte(i)}}); err != nil {
			b.Fatal(err)
		}
	}
}
