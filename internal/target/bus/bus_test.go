package bus

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"pgregory.net/rapid"

	"github.com/carillon-events/carillon/internal/arn"
	"github.com/carillon-events/carillon/internal/bus"
	"github.com/carillon-events/carillon/internal/delivery"
	"github.com/carillon-events/carillon/internal/event"
	"github.com/carillon-events/carillon/internal/pattern"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/trail"
)

// box keeps each delivery, and takes none twice.
type box struct{}

func (box) Prepare(*delivery.Delivery) any { return nil }

func (box) Deliver(tx *store.Tx, d *delivery.Delivery, _ any) error {
	key := []byte("Z" + d.Key.String())
	if _, again, err := tx.Get(key); err != nil || again {
		return fmt.Errorf("%s came twice: %w", key, err)
	}
	return tx.Set(key, []byte(d.Source+" "+d.TargetID+" "+d.Trace+" "+string(d.Body)))
}

// node is buses that can send to each other.
type node struct {
	t      testing.TB
	fs     vfs.FS
	shard  *store.Shard
	outbox *delivery.Outbox
	core   *bus.Core
	stop   func()
}

func start(t testing.TB) *node {
	n := &node{t: t, fs: vfs.NewMem()}
	n.open()
	t.Cleanup(func() { n.stop() })
	return n
}

func (n *node) open() {
	n.t.Helper()
	s, err := store.Open("data", store.Options{FS: n.fs, Logger: slog.New(slog.NewTextHandler(io.Discard, nil))})
	if err != nil {
		n.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ran := make(chan error, 1)
	go func() { ran <- s.Run(ctx) }()
	n.shard = s.Shard(0)
	buses := &Target{}
	n.outbox = delivery.New(map[string]delivery.Target{"box": box{}, Service: buses}, delivery.DefaultPolicy)
	n.core = bus.New(n.outbox, bus.DefaultLimits)
	buses.Core = n.core
	trails := trail.New(trail.Options{For: 24 * time.Hour, MaxBytes: 1 << 30})
	n.core.Record(trails)
	n.outbox.Tell(trails)
	n.stop = func() {
		err := n.shard.View(func(v *store.View) error { return trail.Verify(v, func(problem string) { n.t.Error(problem) }) })
		if err != nil {
			n.t.Error(err)
		}
		cancel()
		if err := errors.Join(<-ran, s.Close()); err != nil {
			n.t.Error(err)
		}
	}
}

func (n *node) must(fn func(tx *store.Tx) error) {
	n.t.Helper()
	if err := n.shard.Update(context.Background(), fn); err != nil {
		n.t.Fatal(err)
	}
}

func (n *node) create(names ...bus.Name) {
	n.t.Helper()
	for _, name := range names {
		n.must(func(tx *store.Tx) error { return n.core.CreateBus(tx, name, "", nil) })
	}
}

// rule makes a rule for events of the source, to targets: "b" and a name for a
// box, or a bus's ARN.
func (n *node) rule(on bus.Name, rule, source string, targets ...arn.ARN) {
	n.t.Helper()
	text := fmt.Sprintf(`{"source":[%q]}`, source)
	parsed, err := pattern.Parse(text)
	if err != nil {
		n.t.Fatal(err)
	}
	var list []bus.Target
	for i, to := range targets {
		list = append(list, bus.Target{ID: fmt.Sprint("t", i), ARN: to})
	}
	n.must(func(tx *store.Tx) error {
		if err := n.core.PutRule(tx, on, bus.Rule{Name: rule, Pattern: text, State: bus.Enabled, Parsed: parsed}, nil); err != nil {
			return err
		}
		return n.core.PutTargets(tx, on, rule, list)
	})
}

func (n *node) put(on bus.Name, id, source string) {
	n.t.Helper()
	var b bus.Batch
	n.core.Add(&b, on, &event.Event{ID: id, Source: source, DetailType: "t", Detail: `{"n": 1}`,
		Account: on.Account, Region: on.Region, Time: time.Unix(0, 0)}, "trace")
	err := n.shard.Update(context.Background(), func(tx *store.Tx) error { return n.core.Put(tx, &b, false) })
	if errors.Is(err, bus.ErrStale) {
		n.core.Refresh(&b)
		err = n.shard.Update(context.Background(), func(tx *store.Tx) error { return n.core.Put(tx, &b, false) })
	}
	if err != nil {
		n.t.Fatal(err)
	}
	n.core.Learn(&b)
}

// take empties the box.
func (n *node) take() (got []string) {
	n.t.Helper()
	n.must(func(tx *store.Tx) error {
		got = nil
		err := tx.Scan([]byte("Z"), []byte("["), func(_, v []byte) bool {
			got = append(got, string(v))
			return true
		})
		if err != nil || len(got) == 0 {
			return err
		}
		return tx.DeleteRange([]byte("Z"), []byte("["))
	})
	slices.Sort(got)
	return got
}

// taken is what is taken out of the box, without trace and body.
func (n *node) taken() (got []string) {
	n.t.Helper()
	for _, s := range n.take() {
		got = append(got, strings.Join(strings.SplitN(s, " ", 4)[:2], " "))
	}
	return got
}

var (
	here      = bus.Name{Account: "111122223333", Region: "eu-west-1", Bus: "here"}
	beside    = bus.Name{Account: "111122223333", Region: "eu-west-1", Bus: "beside"}
	abroad    = bus.Name{Account: "111122223333", Region: "us-east-1", Bus: "abroad"}
	neighbour = bus.Name{Account: "999999999999", Region: "eu-west-1", Bus: "neighbour"}
	all       = []bus.Name{here, beside, abroad, neighbour}
	boxARN    = arn.ARN{Partition: "aws", Service: "box", Region: "eu-west-1", Account: "111122223333", Resource: "b"}
)

func TestAnEventKeepsItsEnvelopeOnEveryBus(t *testing.T) {
	n := start(t)
	n.create(all...)
	n.rule(here, "on", "a", beside.ARN(), abroad.ARN(), neighbour.ARN())
	for _, b := range all[1:] {
		n.rule(b, "in", "a", boxARN)
	}
	n.put(here, "e1", "a")
	const body = ` t0 trace {"version":"0","id":"e1","detail-type":"t","source":"a","account":"111122223333","time":"1970-01-01T00:00:00Z","region":"eu-west-1","resources":[],"detail":{"n": 1}}`
	want := []string{beside.RuleARN("in").String() + body, neighbour.RuleARN("in").String() + body, abroad.RuleARN("in").String() + body}
	slices.Sort(want)
	if got := n.take(); !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

func TestAnEventGoesToNoThirdBusSoThatLoopsEnd(t *testing.T) {
	n := start(t)
	n.create(all...)
	for i, b := range all {
		n.rule(b, "round", "a", all[(i+1)%len(all)].ARN(), boxARN)
	}
	n.put(here, "e1", "a")
	want := []string{beside.RuleARN("round").String() + " t1", here.RuleARN("round").String() + " t1"}
	slices.Sort(want)
	if got := n.taken(); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if c := n.core.Counts(); c.Forwarded != 1 || c.TooFar != 1 || c.Accepted != 1 {
		t.Errorf("%+v", c)
	}
}

func TestAnEventWaitsForABusThatDoesNotExistYet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := start(t)
		n.create(here)
		n.rule(here, "on", "a", beside.ARN())
		n.put(here, "e1", "a")
		n.stop()
		n.open() // the delivery is on disk
		ctx, cancel := context.WithCancel(t.Context())
		ran := make(chan error, 1)
		go func() { ran <- n.outbox.Run(ctx, n.shard, slog.New(slog.DiscardHandler)) }()
		time.Sleep(time.Minute)
		n.create(beside, abroad)
		n.rule(beside, "in", "a", boxARN, abroad.ARN())
		n.rule(abroad, "in", "a", boxARN)
		time.Sleep(15 * time.Minute)
		if got := n.taken(); len(got) != 1 || got[0] != beside.RuleARN("in").String()+" t0" {
			t.Errorf("got %q", got)
		}
		cancel()
		if err := <-ran; err != nil {
			t.Error(err)
		}
	})
}

func TestForwardedEventsAreMatchedBeforeTheTransaction(t *testing.T) {
	n := start(t)
	n.create(here, beside)
	n.rule(here, "on", "a", beside.ARN())
	n.rule(beside, "in", "a", boxARN)
	n.put(here, "first", "a")
	before := n.core.Counts().Rematched
	for i := range 10 {
		n.put(here, fmt.Sprint(i), "a")
	}
	if after := n.core.Counts().Rematched; after != before {
		t.Errorf("%d events were matched inside", after-before)
	}
	n.rule(beside, "more", "a", boxARN)
	n.take()
	n.put(here, "last", "a")
	if got := n.taken(); len(got) != 2 {
		t.Errorf("after a change of the other bus's rules: %q", got)
	}
}

func TestAnEventThatGoesToVeryManyBusesGoesToMostByTheOutbox(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := start(t)
		n.create(here, beside)
		n.rule(beside, "in", "a", boxARN)
		for i := range 10 {
			n.rule(here, fmt.Sprint("on", i), "a", beside.ARN(), boxARN, beside.ARN())
		}
		n.put(here, "e1", "a")
		if got := n.taken(); len(got) != 10+16 {
			t.Errorf("%d deliveries in the transaction, want 10 that lead to no bus and 16 more", len(got))
		}
		n.stop()
		n.open()
		ctx, cancel := context.WithCancel(t.Context())
		ran := make(chan error, 1)
		go func() { ran <- n.outbox.Run(ctx, n.shard, slog.New(slog.DiscardHandler)) }()
		synctest.Wait()
		if got := n.taken(); len(got) != 4 {
			t.Errorf("%d deliveries by the outbox, want 4", len(got))
		}
		var passages []trail.Passage
		if err := n.shard.View(func(v *store.View) (err error) {
			passages, err = trail.Get(v, "e1")
			return err
		}); err != nil {
			t.Error(err)
		}
		late := 0
		for _, p := range passages[1:] {
			if !p.At.Equal(passages[0].At) {
				late++
			}
			if p.From == "" || p.Bus.Name != beside.Bus || len(p.Matches) != 1 {
				t.Errorf("%+v", p)
			}
		}
		if len(passages) != 1+20 || passages[0].From != "" || len(passages[0].Matches) != 10 {
			t.Errorf("%d passages on the trail, %d of them late", len(passages), late)
		}
		cancel()
		if err := <-ran; err != nil {
			t.Error(err)
		}
	})
}

func TestAnARNThatIsNoBusIsRefused(t *testing.T) {
	n := start(t)
	n.must(func(tx *store.Tx) error {
		target := &Target{n.core}
		d := &delivery.Delivery{Target: here.RuleARN("r")}
		if err := target.Deliver(tx, d, target.Prepare(d)); !errors.Is(err, delivery.ErrRefused) {
			t.Errorf("%v", err)
		}
		return nil
	})
}

// Whatever rules lead from bus to bus, an event is delivered once for each way
// of at most two rules that leads it to a target, restarts or not.
func TestEventsGoTheWaysOfTheModel(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		n := start(t)
		defer func() { n.stop(); n.stop = func() {} }()
		n.create(all...)
		// rules[bus][rule][source] are what is sent where; -1 is the box.
		type route struct {
			source string
			to     []int
		}
		rules := make([]map[string]route, len(all))
		sources, names := rapid.SampledFrom([]string{"a", "b"}), rapid.SampledFrom([]string{"r", "s"})
		events := 0
		want := func(at int, source string) (ways []string) {
			var walk func(at int, far bool)
			walk = func(at int, far bool) {
				for name, r := range rules[at] {
					for i, to := range r.to {
						switch {
						case r.source != source:
						case to < 0:
							ways = append(ways, fmt.Sprint(all[at].RuleARN(name), " t", i))
						case !far:
							walk(to, true)
						}
					}
				}
			}
			walk(at, false)
			slices.Sort(ways)
			return ways
		}
		rt.Repeat(map[string]func(*rapid.T){
			"put rule": func(rt *rapid.T) {
				at := rapid.IntRange(0, len(all)-1).Draw(rt, "bus")
				name := names.Draw(rt, "rule")
				r := route{sources.Draw(rt, "source"), rapid.SliceOfN(rapid.IntRange(-1, len(all)-1), 4, 4).Draw(rt, "targets")}
				var targets []arn.ARN
				for _, to := range r.to {
					if to < 0 {
						targets = append(targets, boxARN)
					} else {
						targets = append(targets, all[to].ARN())
					}
				}
				n.rule(all[at], name, r.source, targets...)
				if rules[at] == nil {
					rules[at] = map[string]route{}
				}
				rules[at][name] = r
			},
			"put event": func(rt *rapid.T) {
				at, source := rapid.IntRange(0, len(all)-1).Draw(rt, "bus"), sources.Draw(rt, "source")
				events++
				n.put(all[at], fmt.Sprint("e", events), source)
				if got, want := n.taken(), want(at, source); !slices.Equal(got, want) {
					rt.Fatalf("event of %s on %s went to\n%q, want\n%q", source, all[at].Bus, got, want)
				}
			},
			"restart": func(*rapid.T) {
				n.stop()
				n.open()
			},
		})
	})
}
