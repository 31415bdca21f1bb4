package bus

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/carillon-events/carillon/internal/delivery"
	"github.com/carillon-events/carillon/internal/event"
	"github.com/carillon-events/carillon/internal/store"
)

func (n *node) tag(bus Name, set map[string]string, remove ...string) error {
	return n.update(func(tx *store.Tx) error { return n.core.ChangeTags(tx, bus, "", set, remove) })
}

// send puts one event for each detail in one batch, with ids from next on, and
// returns the ids that are answered.
func (n *node) send(bus Name, next int, details ...string) (answered []string) {
	n.t.Helper()
	var b Batch
	for i, detail := range details {
		n.core.Add(&b, bus, &event.Event{ID: fmt.Sprint(next + i), Source: "s", DetailType: "t", Detail: detail,
			Account: bus.Account, Region: bus.Region, Time: time.Unix(0, 0)}, "")
	}
	n.putBatch(&b)
	for i := range details {
		id, repeat := b.First(i)
		if !repeat {
			id = fmt.Sprint(next + i)
		}
		answered = append(answered, id)
	}
	return answered
}

// unique is a bus with a rule for everything, that asks for idempotency with these tags.
func (n *node) unique(bus Name, tags map[string]string) {
	n.t.Helper()
	n.must(func(tx *store.Tx) error { return n.core.CreateBus(tx, bus, "", tags) })
	n.rule(bus, "all", `{"source":["s"]}`, Enabled)
	n.targets(bus, "all", "t")
}

func TestWhatIsAKey(t *testing.T) {
	key := func(v string) string { return `{"metadata":{"idempotency-key":` + v + `}}` }
	for name, c := range map[string]struct {
		tags          map[string]string
		first, second string
		repeat        bool
	}{
		"a string":                      {nil, key(`"a"`), key(`"a"`), true},
		"a string spelt otherwise":      {nil, key(`"a"`), key(`"\u0061"`), true},
		"another string":                {nil, key(`"a"`), key(`"b"`), false},
		"a number":                      {nil, key(`12`), key(`12`), true},
		"a number and its text":         {nil, key(`12`), key(`"12"`), false},
		"an empty string is no key":     {nil, key(`""`), key(`""`), false},
		"null is no key":                {nil, key(`null`), key(`null`), false},
		"true is no key":                {nil, key(`true`), key(`true`), false},
		"an object is no key":           {nil, key(`{}`), key(`{}`), false},
		"nothing is no key":             {nil, `{}`, `{}`, false},
		"the rest may differ":           {nil, `{"n":1,"metadata":{"idempotency-key":"a"}}`, key(`"a"`), true},
		"a path of the bus":             {map[string]string{TagKeyPath: "$.detail.order[0]"}, `{"order":["x",1]}`, `{"order":["x",2]}`, true},
		"not the default with a path":   {map[string]string{TagKeyPath: "$.detail.order"}, key(`"a"`), key(`"a"`), false},
		"a path outside the detail":     {map[string]string{TagKeyPath: "$.source"}, `{}`, `{}`, true},
		"an empty path tag: default":    {map[string]string{TagKeyPath: ""}, key(`"a"`), key(`"a"`), true},
		"a bus that does not ask":       {map[string]string{"other": "tag"}, key(`"a"`), key(`"a"`), false},
		"a window alone: default path":  {map[string]string{TagWindow: "1h"}, key(`"a"`), key(`"a"`), true},
		"a window tag that is empty":    {map[string]string{TagWindow: ""}, key(`"a"`), key(`"a"`), true},
		"half a second is no repeat of": {map[string]string{TagWindow: "1s"}, key(`"a"`), key(`"b"`), false},
	} {
		t.Run(name, func(t *testing.T) {
			n := start(t)
			if c.tags == nil {
				c.tags = map[string]string{TagWindow: "5m"}
			}
			n.unique(orders, c.tags)
			n.send(orders, 1, c.first)
			got := n.send(orders, 2, c.second)[0] == "1"
			if got != c.repeat {
				t.Errorf("a repeat: %v, want %v", got, c.repeat)
			}
			if took := len(n.take()); (took == 1) != c.repeat {
				t.Errorf("%d deliveries", took)
			}
		})
	}
}

func TestTagsThatCannotBeFollowedAreRefusedAndChangeNothing(t *testing.T) {
	n := start(t)
	n.unique(orders, map[string]string{TagKeyPath: "$.detail.k"})
	for _, tags := range []map[string]string{
		{TagKeyPath: "detail.k"}, {TagKeyPath: "$.detail.*"}, {TagKeyPath: "$.detail[*].k"},
		{TagWindow: "0s"}, {TagWindow: "25h"}, {TagWindow: "5"}, {TagWindow: "-1m"},
	} {
		var bad *TagError
		if err := n.tag(orders, tags); !errors.As(err, &bad) || tags[bad.Tag] == "" {
			t.Errorf("%v: %v", tags, err)
		}
		err := n.update(func(tx *store.Tx) error { return n.core.CreateBus(tx, Name{"1", "r", "new"}, "", tags) })
		if !errors.As(err, &bad) {
			t.Errorf("a new bus with %v: %v", tags, err)
		}
	}
	n.send(orders, 1, `{"k":"a"}`)
	if got := n.send(orders, 2, `{"k":"a"}`); got[0] != "1" {
		t.Errorf("answered %q", got)
	}
}

// A batch, other callers at the same moment, other buses, and events that were
// added with a key.
func TestOfTheEventsOfOneKeyOneIsRouted(t *testing.T) {
	n := start(t)
	n.unique(orders, map[string]string{TagKeyPath: "$.detail.k"})
	other := Name{orders.Account, orders.Region, "other"}
	n.unique(other, map[string]string{TagKeyPath: "$.detail.k"})
	if got, want := n.send(orders, 1, `{"k":"a"}`, `{"k":"b"}`, `{"k":"a"}`), []string{"1", "2", "1"}; !slices.Equal(got, want) {
		t.Errorf("answered %q, want %q", got, want)
	}
	if got := n.send(other, 10, `{"k":"a"}`); got[0] != "10" {
		t.Errorf("another bus answered %q", got)
	}
	n.take()

	ids := make([]string, 32)
	var wait sync.WaitGroup
	for i := range ids {
		wait.Go(func() {
			var b Batch
			n.core.Add(&b, orders, &event.Event{ID: fmt.Sprint(i), Source: "s", DetailType: "t", Detail: `{"k":"c"}`,
				Account: orders.Account, Region: orders.Region, Time: time.Unix(0, 0)}, "")
			if err := n.core.Accept(context.Background(), n.shard, &b); err != nil {
				t.Error(err)
			}
			first, repeat := b.First(0)
			if ids[i] = first; !repeat {
				ids[i] = fmt.Sprint(i)
			}
		})
	}
	wait.Wait()
	if got := n.take(); len(got) != 1 || len(slices.Compact(ids)) != 1 {
		t.Errorf("%d deliveries, answered %q", len(got), ids)
	}

	plain := Name{orders.Account, orders.Region, "plain"}
	n.must(func(tx *store.Tx) error { return n.core.CreateBus(tx, plain, "", nil) })
	for i, want := range []string{"", "0"} {
		var b Batch
		n.core.Add(&b, plain, &event.Event{ID: fmt.Sprint(i), Source: "s", DetailType: "t", Detail: `{}`, Time: time.Unix(0, 0)}, "", "msg_1")
		n.putBatch(&b)
		if first, _ := b.First(0); first != want {
			t.Errorf("put %d repeats %q, want %q", i, first, want)
		}
	}
	if c := n.core.Counts(); c.Repeated != 33 || c.Accepted != 5 {
		t.Errorf("counts %+v", c)
	}
}

func TestABusThatIsMadeAnewHasSeenNothing(t *testing.T) {
	n := start(t)
	tags := map[string]string{TagKeyPath: "$.detail.k"}
	n.must(func(tx *store.Tx) error { return n.core.CreateBus(tx, orders, "", tags) })
	n.send(orders, 1, `{"k":"a"}`)
	n.must(func(tx *store.Tx) error { return n.core.DeleteBus(tx, orders) })
	n.must(func(tx *store.Tx) error { return n.core.CreateBus(tx, orders, "", tags) })
	if got := n.send(orders, 2, `{"k":"a"}`); got[0] != "2" {
		t.Errorf("answered %q", got)
	}
}

// A bus recognises what another one sends to it, but not what a replay brings,
// by whatever way.
func TestAReplayIsNoRepeatAndAForwardedEventMayBeOne(t *testing.T) {
	n := start(t)
	n.unique(orders, map[string]string{TagKeyPath: "$.detail.k"})
	n.send(orders, 1, `{"k":"a"}`)
	n.take()
	e := event.Event{ID: "2", Source: "s", DetailType: "t", Detail: `{"k":"a"} `, Account: orders.Account, Region: orders.Region}
	replayed, err := event.AppendReplayed(nil, e.Append(nil), "again")
	if err != nil {
		t.Fatal(err)
	}
	forward := func(key byte, envelope []byte) func(tx *store.Tx) error {
		f := n.core.Forward(orders, &delivery.Delivery{Key: delivery.Key{key}, EventID: "2", Body: envelope})
		return func(tx *store.Tx) error { return n.core.Receive(tx, f) }
	}
	for _, c := range []struct {
		name string
		do   func(tx *store.Tx) error
		want int
	}{
		{"a forwarded repeat", forward(1, e.Append(nil)), 0},
		{"a replay", func(tx *store.Tx) error {
			_, err := n.core.Replay(tx, orders.ARN(), nil, "replay 1", "", replayed)
			return err
		}, 1},
		{"a forwarded replay", forward(2, replayed), 1},
	} {
		n.must(c.do)
		if got := n.take(); len(got) != c.want {
			t.Errorf("%s delivered %q, want %d", c.name, got, c.want)
		}
	}
}

// Whatever time passes, and however often the node is opened again, an event is
// answered with the id of the last one of its key that was routed less than a
// window ago; and keys do not pile up.
func TestRepeatsAreRecognisedForTheWindow(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		window := rapid.SampledFrom([]time.Duration{time.Second, time.Minute, 5 * time.Minute}).Draw(rt, "window")
		steps := rapid.SliceOfN(rapid.Custom(func(rt *rapid.T) burst {
			return burst{
				keys:    rapid.SliceOfN(rapid.SampledFrom([]string{"a", "b", "c"}), 1, 4).Draw(rt, "keys"),
				wait:    time.Duration(rapid.IntRange(0, int(2*window/time.Millisecond)).Draw(rt, "wait")) * time.Millisecond,
				restart: rapid.IntRange(0, 3).Draw(rt, "restart") == 0,
			}
		}), 1, 10).Draw(rt, "steps")
		var wrong string
		synctest.Test(t, func(t *testing.T) { wrong = follow(t, window, steps) })
		if wrong != "" {
			rt.Fatal(wrong)
		}
	})
}

type burst struct {
	keys    []string
	wait    time.Duration
	restart bool
}

func follow(t *testing.T, window time.Duration, bursts []burst) string {
	n := start(t)
	n.unique(orders, map[string]string{TagKeyPath: "$.detail.k", TagWindow: window.String()})
	type seen struct {
		id string
		at time.Time
	}
	m, next := map[string]seen{}, 1
	for _, s := range bursts {
		time.Sleep(s.wait)
		if s.restart {
			n.stop()
			n.open()
		}
		var details, want []string
		for i, k := range s.keys {
			details = append(details, fmt.Sprintf(`{"k":%q}`, k))
			if old, ok := m[k]; !ok || time.Since(old.at) >= window {
				m[k] = seen{fmt.Sprint(next + i), time.Now()}
			}
			want = append(want, m[k].id)
		}
		if got := n.send(orders, next, details...); !slices.Equal(got, want) {
			return fmt.Sprintf("%q answered %q, want %q", s.keys, got, want)
		}
		next += len(s.keys)
	}
	kept := 0
	n.must(func(tx *store.Tx) (err error) {
		kept, err = count(tx, orders.onceKey(0)[:len(orders.onceKey(0))-8])
		return err
	})
	if kept > 6 { // three keys in two buckets
		return fmt.Sprintf("%d keys are kept", kept)
	}
	return ""
}
