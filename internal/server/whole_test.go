package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"pgregory.net/rapid"

	"github.com/carillon-events/carillon/internal/archive"
	"github.com/carillon-events/carillon/internal/arn"
	"github.com/carillon-events/carillon/internal/bus"
	"github.com/carillon-events/carillon/internal/delivery"
	"github.com/carillon-events/carillon/internal/event"
	"github.com/carillon-events/carillon/internal/meter"
	"github.com/carillon-events/carillon/internal/pattern"
	"github.com/carillon-events/carillon/internal/queue"
	"github.com/carillon-events/carillon/internal/store"
	targetarchive "github.com/carillon-events/carillon/internal/target/archive"
	targetbus "github.com/carillon-events/carillon/internal/target/bus"
	targetqueue "github.com/carillon-events/carillon/internal/target/queue"
	"github.com/carillon-events/carillon/internal/timer"
	"github.com/carillon-events/carillon/internal/trail"
)

// The cores together, without HTTP: buses of which some want every key once and
// which send to each other, queues that share bodies and come and go, an archive,
// replays, the trail and the meters; with groups that are thrown away, restarts
// and power failures in between.

const (
	wholeAccount, wholeRegion = "111122223333", "eu-west-1"
	wholeWindow               = 5 * time.Minute
)

func wholeBus(name string) bus.Name {
	return bus.Name{Account: wholeAccount, Region: wholeRegion, Bus: name}
}

func wholeQueue(name string) queue.Name {
	return queue.Name{Account: wholeAccount, Region: wholeRegion, Name: name}
}

// whole is one shard with everything on it.
type whole struct {
	t        *rapid.T
	fs       *vfs.MemFS
	shard    *store.Shard
	core     *bus.Core
	outbox   *delivery.Outbox
	archives *archive.Core
	book     *meter.Book
	trails   *trail.Trail
	stop     func()
}

func (n *whole) open() {
	n.t.Helper()
	quiet := slog.New(slog.DiscardHandler)
	s, err := store.Open("data", store.Options{FS: n.fs, Logger: quiet})
	if err != nil {
		n.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	stored := make(chan error, 1)
	storing, storeEnd := context.WithCancel(context.Background())
	go func() { stored <- s.Run(storing) }()
	n.shard = s.Shard(0)
	buses := &targetbus.Target{}
	n.outbox = delivery.New(map[string]delivery.Target{
		targetbus.Service: buses, targetqueue.Service: targetqueue.Target{}, targetarchive.Service: targetarchive.Target{},
	}, delivery.DefaultPolicy)
	n.book = meter.NewBook(100)
	n.outbox.Measure(n.book)
	n.core = bus.New(n.outbox, bus.DefaultLimits)
	n.trails = trail.New(trail.Options{For: 1000 * time.Hour, MaxBytes: 1 << 40})
	n.core.Record(n.trails)
	n.outbox.Tell(n.trails)
	buses.Core = n.core
	n.archives = archive.New(n.core, archive.DefaultLimits)
	if err := n.shard.View(func(v *store.View) error { return n.outbox.CountWaiting(ctx, v) }); err != nil {
		n.t.Fatal(err)
	}
	loop := &timer.Loop{Shard: n.shard, Logger: quiet, Handlers: map[timer.Kind]timer.Handler{
		timer.QueueSweep: queue.Sweep, timer.QueueClear: queue.DropLeftovers, timer.ArchiveSweep: archive.Sweep,
		timer.ArchiveReplay: n.archives.StepReplay, timer.TrailSweep: n.trails.Sweep,
	}}
	ran := make(chan error, 2)
	go func() { ran <- loop.Run(ctx) }()
	go func() { ran <- n.outbox.Run(ctx, n.shard, quiet) }()
	n.stop = func() {
		cancel()
		err := errors.Join(<-ran, <-ran, n.shard.View(func(v *store.View) error {
			var bad error
			for _, sound := range Invariants() {
				bad = errors.Join(bad, sound(v, func(problem string) { bad = errors.Join(bad, errors.New(problem)) }))
			}
			return bad
		}))
		storeEnd()
		err = errors.Join(err, <-stored, s.Close())
		if err != nil {
			n.t.Fatal(err)
		}
	}
}

func (n *whole) update(fn func(tx *store.Tx) error) error {
	return n.shard.Update(context.Background(), fn)
}

func (n *whole) must(fn func(tx *store.Tx) error) {
	n.t.Helper()
	if err := n.update(fn); err != nil {
		n.t.Fatal(err)
	}
}

func (n *whole) rule(on bus.Name, rule string, targets ...bus.Target) {
	n.t.Helper()
	text := `{"source":["s"]}`
	parsed, err := pattern.Parse(text)
	if err != nil {
		n.t.Fatal(err)
	}
	n.must(func(tx *store.Tx) error {
		if err := n.core.PutRule(tx, on, bus.Rule{Name: rule, Pattern: text, State: bus.Enabled, Parsed: parsed}, nil); err != nil {
			return err
		}
		return n.core.PutTargets(tx, on, rule, targets)
	})
}

// The buses and where they send: "once" and "second" want every key once.
var wholeRules = map[string]map[string][]string{
	"once":   {"out": {"q1", "q2", "q3", "q4.fifo"}, "on": {"bus second", "bus plain"}},
	"second": {"out": {"q1", "q5"}, "back": {"bus once"}},
	"plain":  {"out": {"q2", "q3"}, "on": {"bus second"}, "again": {"bus second"}},
}

func (n *whole) build() archive.Archive {
	n.t.Helper()
	for _, name := range []string{"once", "second", "plain"} {
		var tags map[string]string
		if name != "plain" {
			tags = map[string]string{bus.TagWindow: wholeWindow.String()}
		}
		n.must(func(tx *store.Tx) error { return n.core.CreateBus(tx, wholeBus(name), "", tags) })
	}
	for name, rules := range wholeRules {
		for rule, targets := range rules {
			var list []bus.Target
			for i, to := range targets {
				t := bus.Target{ID: fmt.Sprint(i), ARN: arn.Queue(wholeRegion, wholeAccount, to)}
				if name, isBus := strings.CutPrefix(to, "bus "); isBus {
					t.ARN = wholeBus(name).ARN()
				}
				if strings.HasSuffix(to, ".fifo") {
					group := "g"
					t.GroupID = &group
				}
				list = append(list, t)
			}
			n.rule(wholeBus(name), rule, list...)
		}
	}
	var a archive.Archive
	n.must(func(tx *store.Tx) (err error) {
		if a, err = n.archives.Create(tx, archive.Name{Account: wholeAccount, Region: wholeRegion, Name: "a"}, wholeBus("once").ARN(), archive.Settings{}); err != nil {
			return err
		}
		return n.core.PutManaged(tx, wholeBus("once"), bus.Managed{Name: "archive", Pattern: `{"replay-name":[{"exists":false}]}`, Target: a.Target()})
	})
	return a
}

func (n *whole) createQueue(m *wholeModel, name string) {
	n.t.Helper()
	config := queue.Config{HideFor: 30 * time.Second, FIFO: strings.HasSuffix(name, ".fifo")}
	err := n.update(func(tx *store.Tx) error { return queue.Create(tx, wholeQueue(name), queue.Settings{Config: config}) })
	switch {
	case errors.Is(err, queue.ErrDeletedRecently):
		return
	case err != nil:
		n.t.Fatal(err)
	}
	m.exists[name] = true
	time.Sleep(20 * time.Minute) // longer than any backoff
	for what, times := range m.waits[name] {
		add(m.holds, name, what, times)
	}
	delete(m.waits, name)
}

func (n *whole) clearQueue(m *wholeModel, name string, purge bool) {
	n.t.Helper()
	err := n.update(func(tx *store.Tx) error {
		q, err := queue.Find(tx, wholeQueue(name))
		if err != nil {
			return err
		}
		if purge {
			return queue.Purge(tx, q)
		}
		return queue.Delete(tx, q)
	})
	switch {
	case errors.Is(err, queue.ErrPurging), errors.Is(err, queue.ErrNotFound) && !m.exists[name]:
		return
	case err != nil:
		n.t.Fatal(err)
	}
	delete(m.holds, name)
	m.exists[name] = purge
}

// receive takes messages, and deletes them if that is wanted.
func (n *whole) receive(name string, most int, remove bool) (got []string) {
	n.t.Helper()
	n.must(func(tx *store.Tx) error {
		got = nil
		q, err := queue.Find(tx, wholeQueue(name))
		if err != nil {
			return err
		}
		list, err := queue.Receive(tx, q, queue.ReceiveInput{Max: most})
		for _, msg := range list {
			if err == nil && remove {
				err = queue.DeleteMessage(tx, q, msg.Receipt)
			}
			got = append(got, readBody(msg.Body))
		}
		return err
	})
	return got
}

// readBody is an event's id, and the name of its replay behind it.
func readBody(body string) string {
	id := event.IDOf([]byte(body))
	if _, rest, replayed := strings.Cut(body, `"replay-name":"`); replayed {
		id += rest[:strings.IndexByte(rest, '"')]
	}
	return id
}

// batch is events of this and maybe that key.
func (n *whole) batch(on string, ids, keys []string, large bool) *bus.Batch {
	b := bus.NewBatch(time.Now(), len(ids))
	for i, id := range ids {
		detail := `{"metadata":{}}`
		if keys[i] != "" {
			detail = fmt.Sprintf(`{"metadata":{"idempotency-key":%q}}`, keys[i])
		}
		if large {
			detail = detail[:len(detail)-1] + `,"text":"` + strings.Repeat("x", 2000) + `"}`
		}
		n.core.Add(b, wholeBus(on), &event.Event{ID: id, Source: "s", DetailType: "t", Detail: detail, Account: wholeAccount, Region: wholeRegion, Time: time.Now()}, "")
	}
	return b
}

// throwAway puts a batch in a group that is thrown away: nothing has happened.
func (n *whole) throwAway(b *bus.Batch) {
	n.t.Helper()
	err := n.update(func(tx *store.Tx) error {
		if err := n.core.Put(tx, b, true); err != nil {
			return err
		}
		panic("a bug")
	})
	if !errors.Is(err, store.ErrAborted) {
		n.t.Fatal(err)
	}
}

// toggle turns a rule on or off.
func (n *whole) toggle(rt *rapid.T, m *wholeModel) {
	on := rapid.SampledFrom(slices.Sorted(maps.Keys(wholeRules))).Draw(rt, "on")
	rule := rapid.SampledFrom(slices.Sorted(maps.Keys(wholeRules[on]))).Draw(rt, "rule")
	m.off[on+" "+rule] = !m.off[on+" "+rule]
	state := map[bool]bus.State{true: bus.Disabled, false: bus.Enabled}[m.off[on+" "+rule]]
	n.must(func(tx *store.Tx) error { return n.core.SetRuleState(tx, wholeBus(on), rule, state) })
}
