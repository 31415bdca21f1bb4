package trail

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"

	"github.com/carillon-events/carillon/internal/arn"
	"github.com/carillon-events/carillon/internal/delivery"
	"github.com/carillon-events/carillon/internal/event"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/store/storetest"
	"github.com/carillon-events/carillon/internal/timer"
)

// node is a trail on a store, with its timers.
type node struct {
	t     testing.TB
	s     *storetest.Store
	trail *Trail
	stop  func()
}

func start(t testing.TB, o Options) *node {
	n := &node{t: t, s: storetest.Open(t), trail: New(o)}
	n.run()
	return n
}

func (n *node) run() {
	loop := &timer.Loop{Shard: n.s.Shard, Handlers: map[timer.Kind]timer.Handler{timer.TrailSweep: n.trail.Sweep}}
	ended := make(chan error, 1)
	go func() { ended <- loop.Run(n.t.Context()) }()
	n.stop = func() {
		n.s.Stop()
		if err := <-ended; err != nil {
			n.t.Error(err)
		}
	}
}

func (n *node) restart(o Options) {
	n.stop()
	n.s.Restart()
	n.trail = New(o)
	n.run()
}

func (n *node) must(fn func(tx *store.Tx) error) {
	n.t.Helper()
	if err := n.s.Update(n.t.Context(), fn); err != nil {
		n.t.Fatal(err)
	}
}

func (n *node) view(fn func(v *store.View) error) {
	n.t.Helper()
	if err := n.s.View(fn); err != nil {
		n.t.Fatal(err)
	}
}

// verify wants what Verify promises.
func (n *node) verify() {
	n.t.Helper()
	n.view(func(v *store.View) error { return Verify(v, func(problem string) { n.t.Error(problem) }) })
}

// size is how many keys there are, and their bytes.
func (n *node) size() (keys, size int) {
	n.t.Helper()
	n.view(func(v *store.View) error {
		return v.Scan([]byte{store.SpaceTrail}, []byte{store.SpaceTrail + 1}, func(k, v []byte) bool {
			keys++
			size += len(k) + len(v)
			return true
		})
	})
	return keys, size
}

// described are rules by their place in an Acceptance.
type described []Rule

func (d described) Describe(_ *store.Tx, i int) (Rule, error) { return d[i], nil }

var shop = Bus{"111122223333", "eu-west-1", "shop"}

func queue(name string) string { return arn.Queue(shop.Region, shop.Account, name).String() }

func rule(name string, targets ...string) Rule {
	r := Rule{ARN: arn.Rule(shop.Region, shop.Account, shop.Name, name).String(), Pattern: `{"source":["` + name + `"]}`}
	for _, id := range targets {
		r.Targets = append(r.Targets, Target{ID: id, ARN: queue(id)})
	}
	return r
}

// newID is an event id of now, which grows.
func newID(n int) string {
	p := placeAt(time.Now().UnixMilli())
	sum := sha256.Sum256(fmt.Append(nil, n))
	copy(p[6:], sum[:])
	p[6], p[8] = p[6]&0x0f|0x70, p[8]&0x3f|0x80
	return uuid.UUID(p).String()
}

func envelope(id string) []byte {
	return (&event.Event{ID: id, Source: "s", DetailType: "t", Detail: `{"a": 1}`, Account: shop.Account, Region: shop.Region, Time: time.Unix(0, 0)}).Append(nil)
}

// accept accepts an event; waiting says which deliveries wait.
func (n *node) accept(id, name string, waiting bool, rules ...Rule) (at time.Time) {
	n.t.Helper()
	n.must(func(tx *store.Tx) error {
		at = tx.Now()
		a := Acceptance{ID: ReadID(id), Bus: shop, Name: name, Trace: "Root=1", ReceivedAt: tx.Now(), Envelope: envelope(id)}
		for _, r := range rules {
			s := Sent{Rule: r.Ref(), Targets: len(r.Targets)}
			for i := range r.Targets {
				result := Result{Outcome: delivery.Delivered}
				if waiting {
					result = Result{Outcome: delivery.Waiting, Reason: delivery.ErrMissing}
				}
				s.Put(i, result)
			}
			a.Rules = append(a.Rules, s)
		}
		return n.trail.Accept(tx, &a, described(rules))
	})
	return at
}

// attempt reports an attempt at the delivery of an event.
func (n *node) attempt(id, name string, acceptedAt time.Time, r Rule, target, retry int, outcome Outcome) {
	n.t.Helper()
	if name == "" {
		name = id
	}
	n.must(func(tx *store.Tx) error {
		d := &delivery.Delivery{
			Key: delivery.KeyOf(name, r.ARN, r.Targets[target].ID), EventID: id, AcceptedAt: acceptedAt,
			DeadLetter: arn.Queue(shop.Region, shop.Account, "dead"),
		}
		return n.trail.Witness(tx, &delivery.Report{Delivery: d, Retry: retry, Outcome: outcome, Reason: errors.New("no"), Says: "HTTP 503", Took: time.Second, Next: tx.Now().Add(time.Minute)})
	})
}

func (n *node) get(id string) (all []Passage) {
	n.t.Helper()
	n.view(func(v *store.View) (err error) {
		all, err = Get(v, id)
		return err
	})
	return all
}

// find is the ids that a query finds, page by page.
func (n *node) find(q Query) (ids []string) {
	n.t.Helper()
	for {
		var page Page
		n.view(func(v *store.View) (err error) {
			page, err = Find(v, q)
			return err
		})
		for _, p := range page.Passages {
			ids = append(ids, p.EventID)
		}
		if q.After = page.Next; q.After == "" {
			return ids
		}
	}
}

func TestAnEventIsToldWithItsRulesAndAttempts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := start(t, Options{time.Hour, 1 << 30})
		defer func() { n.stop() }()
		a, b := rule("a", "one", "two"), rule("b", "three")
		id := newID(1)
		at := n.accept(id, "", true, a, b)
		time.Sleep(time.Minute)
		n.attempt(id, "", at, a, 1, 1, delivery.Waiting)
		n.attempt(id, "", at, a, 1, 2, delivery.DeadLettered)
		for range 2 {
			got := n.get(id)
			if len(got) != 1 || len(got[0].Matches) != 2 || got[0].EventID != id || got[0].Bus != shop || got[0].Trace != "Root=1" || !got[0].At.Equal(at) || !bytes.Equal(got[0].Envelope, envelope(id)) {
				t.Fatalf("%+v", got)
			}
			d := got[0].Matches[0].Deliveries
			if state, _ := d[1].State(); len(d) != 2 || state != delivery.DeadLettered || d[1].Attempts[1].DeadLetter != queue("dead") || d[1].Attempts[0].Says != "HTTP 503" || d[1].Attempts[0].Took != time.Second || d[1].Attempts[0].Next.IsZero() {
				t.Errorf("%+v", d)
			}
			if state, why := d[0].State(); state != delivery.Waiting || why != delivery.ErrMissing.Error() {
				t.Errorf("%v, %s", state, why)
			}
			n.verify()
			n.restart(Options{time.Hour, 1 << 30})
		}
	})
}

func TestAnEventThatComesAgainLaterIsFoundByItsId(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := start(t, Options{10 * time.Hour, 1 << 30})
		defer func() { n.stop() }()
		r := rule("a", "one")
		for _, id := range []string{newID(1), "6a7e8feb-b491-4cf7-a9f1-bf3703467718", "no uuid"} {
			var ats []time.Time
			for i, name := range []string{"", "replay/1", "replay/2"} {
				if i > 0 {
					time.Sleep(2 * time.Hour)
				}
				ats = append(ats, n.accept(id, name, true, r))
			}
			n.attempt(id, "replay/1", ats[1], r, 0, 1, delivery.Delivered)
			got := n.get(id)
			if len(got) != 3 || got[1].Name != "replay/1" || !got[2].At.Equal(ats[2]) {
				t.Fatalf("%s: %+v", id, got)
			}
			for i, want := range []Outcome{delivery.Waiting, delivery.Delivered, delivery.Waiting} {
				if state, _ := got[i].Matches[0].Deliveries[0].State(); state != want {
					t.Errorf("%s: the passage %d is %v, want %v", id, i, state, want)
				}
			}
			if other := n.get("no uuid at all"); len(other) > 0 {
				t.Errorf("%+v", other)
			}
		}
		n.verify()
	})
}

func TestWhatIsTooOldIsRemovedWholeAndALateAttemptLeavesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := start(t, Options{time.Hour, 1 << 30})
		defer func() { n.stop() }()
		r := rule("a", "one")
		at := n.accept("old", "", true, r)
		id := newID(1)
		n.accept(id, "", true, r)
		time.Sleep(3 * time.Hour)
		if got := append(n.get("old"), n.get(id)...); len(got) > 0 {
			t.Errorf("%+v", got)
		}
		n.attempt("old", "", at, r, 0, 9, delivery.Dropped)
		n.attempt(id, "", at, r, 0, 9, delivery.Dropped)
		if keys, _ := n.size(); keys != 1 {
			t.Errorf("%d keys, want the state", keys)
		}
		if c := n.trail.Counts(); c.Recorded != 2 || c.Skipped != 2 {
			t.Errorf("%+v", c)
		}
		n.verify()
	})
}

func TestTheOldestOfWhatIsTooMuchIsRemoved(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const most = 100_000
		n := start(t, Options{time.Hour, most})
		defer func() { n.stop() }()
		var last string
		for i := range 2000 {
			last = newID(i)
			n.accept(last, "", false, rule("a", "one"))
			time.Sleep(time.Second)
			if _, size := n.size(); size > most+most/4+10_000 {
				t.Fatalf("%d bytes", size)
			}
		}
		n.verify()
		if found := n.find(Query{Limit: 100}); len(found) < 200 || found[0] != last {
			t.Errorf("%d events are left", len(found))
		}
	})
}

func TestMoreThanThereIsRoomForInTenSecondsIsNotRecorded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := start(t, Options{time.Hour, 10_000})
		defer func() { n.stop() }()
		for i := range 100 {
			n.accept(newID(i), "", false, rule("a", "one"))
		}
		if c := n.trail.Counts(); c.Skipped == 0 || c.Recorded < 20 {
			t.Errorf("%+v", c)
		}
		time.Sleep(time.Minute)
		id := newID(1000)
		n.accept(id, "", false, rule("a", "one"))
		if len(n.get(id)) != 1 {
			t.Error("there is no room later either")
		}
		n.verify()
	})
}

func TestATrailThatIsTurnedOffGoes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := start(t, Options{time.Hour, 1 << 30})
		defer func() { n.stop() }()
		for i := range 10 {
			n.accept(newID(i), "", false, rule("a", "one"))
			time.Sleep(10 * time.Minute)
		}
		n.restart(Options{0, 1 << 30})
		n.accept(newID(100), "", false, rule("a", "one"))
		time.Sleep(time.Hour)
		if found := n.find(Query{Limit: 10}); len(found) > 0 {
			t.Errorf("%q", found)
		}
		if keys, _ := n.size(); keys != 1 {
			t.Errorf("%d keys, want the state", keys)
		}
		n.restart(Options{time.Hour, 1 << 30})
		time.Sleep(time.Minute)
		id := newID(101)
		n.accept(id, "", false, rule("a", "one"))
		if len(n.get(id)) != 1 {
			t.Error("turned on again, it records nothing")
		}
		n.verify()
	})
}

func TestASearchIsBoundedAndGoesOn(t *testing.T) {
	n := start(t, Options{time.Hour, 1 << 30})
	defer func() { n.stop() }()
	const many = MaxScanned + 100
	for from := 0; from < many; from += 1000 {
		n.must(func(tx *store.Tx) error {
			for i := range min(1000, many-from) {
				id := newID(from + i)
				a := Acceptance{ID: ReadID(id), Bus: shop, ReceivedAt: tx.Now(), Envelope: envelope(id)}
				if err := n.trail.Accept(tx, &a, described(nil)); err != nil {
					return err
				}
			}
			return nil
		})
	}
	var page Page
	n.view(func(v *store.View) (err error) {
		page, err = Find(v, Query{Bus: "none", Limit: 10})
		return err
	})
	if page.Scanned != MaxScanned || page.Next == "" || len(page.Passages) > 0 {
		t.Errorf("%+v", page)
	}
	if got := n.find(Query{Limit: 1000}); len(got) != many {
		t.Errorf("%d events", len(got))
	}
	if got := n.find(Query{Limit: 7000, OldestFirst: true}); len(got) != many || !slices.IsSorted(got[:1]) {
		t.Errorf("%d events", len(got))
	}
}

func BenchmarkAccept(b *testing.B) {
	n := start(b, Options{time.Hour, 1 << 40})
	defer func() { n.stop() }()
	r := rule("a", "one")
	id := newID(1)
	big := append(envelope(id), make([]byte, 1024)...)
	a := Acceptance{ID: ReadID(id), Bus: shop, ReceivedAt: time.Now(), Envelope: big, Rules: []Sent{{Rule: r.Ref(), Targets: 1}}}
	b.ReportAllocs()
	for b.Loop() {
		n.must(func(tx *store.Tx) error {
			for range 100 {
				if err := n.trail.Accept(tx, &a, described{r}); err != nil {
					return err
				}
			}
			return nil
		})
	}
}
