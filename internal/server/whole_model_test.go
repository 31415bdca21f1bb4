package server

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/carillon-events/carillon/internal/archive"
	"github.com/carillon-events/carillon/internal/delivery"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/trail"
)

// wholeModel is what must be where.
type wholeModel struct {
	exists   map[string]bool           // queues
	holds    map[string]map[string]int // queue -> event -> how many messages
	waits    map[string]map[string]int // the same of queues that are not there
	seen     map[string]time.Time      // bus and key: when the bus saw it first
	first    map[string]string         // bus and key: the event that had it
	archived []string                  // events
	off      map[string]bool           // rules, by bus and name
	passages map[string]int            // of each event on the trail
	keys     map[string]string         // of each event
}

func newWholeModel() *wholeModel {
	return &wholeModel{
		exists: map[string]bool{}, holds: map[string]map[string]int{}, waits: map[string]map[string]int{},
		seen: map[string]time.Time{}, first: map[string]string{}, off: map[string]bool{}, passages: map[string]int{}, keys: map[string]string{},
	}
}

// accept is a bus that gets an event, maybe of a replay or from another bus. It
// tells of which event it is a repeat.
func (m *wholeModel) accept(on, id, key, replay string, forwarded bool) (first string) {
	if k := on + " " + key; key != "" && replay == "" && on != "plain" {
		if at, seen := m.seen[k]; seen && time.Since(at) < wholeWindow {
			return m.first[k]
		}
		m.seen[k], m.first[k] = time.Now(), id
	}
	m.passages[id]++
	if on == "once" && replay == "" {
		m.archived = append(m.archived, id)
	}
	for _, rule := range slices.Sorted(maps.Keys(wholeRules[on])) {
		if m.off[on+" "+rule] {
			continue
		}
		for _, to := range wholeRules[on][rule] {
			name, isBus := strings.CutPrefix(to, "bus ")
			switch {
			case !isBus && m.exists[to]:
				add(m.holds, to, id+replay, 1)
			case !isBus:
				add(m.waits, to, id+replay, 1)
			case !forwarded:
				m.accept(name, id, key, replay, true)
			}
		}
	}
	return id
}

func add(in map[string]map[string]int, where, what string, n int) {
	if in[where] == nil {
		in[where] = map[string]int{}
	}
	if in[where][what] += n; in[where][what] == 0 {
		delete(in[where], what)
	}
}

var wholeQueues = []string{"q1", "q2", "q3", "q4.fifo", "q5"}

func (n *whole) replay(rt *rapid.T, m *wholeModel, a archive.Archive, name string) {
	var r archive.Replay
	n.must(func(tx *store.Tx) (err error) {
		r, err = n.archives.Start(tx, archive.Name{Account: wholeAccount, Region: wholeRegion, Name: name}, archive.Request{
			Archive: a.Name, Bus: wholeBus("once").ARN().String(), From: time.Unix(0, 0), To: time.Now().Add(time.Hour),
		})
		return err
	})
	time.Sleep(time.Second)
	n.must(func(tx *store.Tx) (err error) {
		r, err = archive.GetReplay(tx, r.Name)
		return err
	})
	if r.State != archive.Completed || int(r.Replayed) != len(m.archived) {
		rt.Fatalf("the replay is %+v, want %d events", r, len(m.archived))
	}
	for _, id := range m.archived {
		m.accept("once", id, m.keys[id], name, false)
	}
}

func TestAllPartsTogetherKeepWhatWasAccepted(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		var failure any // rapid wants it on its own goroutine, to look for a smaller one
		synctest.Test(t, func(*testing.T) {
			defer func() { failure = recover() }()
			checkWhole(rt)
		})
		if failure != nil {
			panic(failure)
		}
	})
}

func checkWhole(rt *rapid.T) {
	n := &whole{t: rt, fs: vfs.NewCrashableMem()}
	n.open()
	defer func() { n.stop() }()
	a := n.build()
	m := newWholeModel()
	keys := []string{"", "k1", "k2"}
	for step := range rapid.IntRange(1, 25).Draw(rt, "steps") {
		q := rapid.SampledFrom(wholeQueues).Draw(rt, "queue")
		switch what := rapid.SampledFrom([]string{
			"put", "put", "put", "put", "thrown away", "create", "create", "purge", "delete", "take", "hide", "sleep", "restart", "crash", "rule", "replay",
		}).Draw(rt, "what"); what {
		case "put", "thrown away":
			on := rapid.SampledFrom([]string{"once", "second", "plain"}).Draw(rt, "bus")
			var ids, with []string
			for i := range rapid.IntRange(1, 3).Draw(rt, "events") {
				id := uuid.UUID{6: 0x40, 8: 0x80, 10: byte(step), 11: byte(i)}.String()
				ids, with = append(ids, id), append(with, rapid.SampledFrom(keys).Draw(rt, "key"))
				m.keys[id] = with[i]
			}
			b := n.batch(on, ids, with, rapid.Bool().Draw(rt, "large"))
			if what == "thrown away" {
				n.throwAway(b)
			}
			if rapid.Bool().Draw(rt, "stale") {
				n.toggle(rt, m) // between the match and the transaction
			}
			if err := n.core.Accept(context.Background(), n.shard, b); err != nil {
				rt.Fatal(err)
			}
			for i, id := range ids {
				want := m.accept(on, id, with[i], "", false)
				got, repeat := b.First(i)
				if repeat != (want != id) || repeat && got != want {
					rt.Fatalf("event %d is answered with %q, %v; want %q", i, got, repeat, want)
				}
			}
		case "create":
			if !m.exists[q] {
				n.createQueue(m, q)
			}
		case "purge", "delete":
			n.clearQueue(m, q, what == "purge")
		case "take", "hide":
			if m.exists[q] {
				for _, got := range n.receive(q, 10, what == "take") {
					if m.holds[q][got] <= 0 {
						rt.Fatalf("%s has %q, want %v", q, got, m.holds[q])
					}
					if what == "take" {
						add(m.holds, q, got, -1)
					}
				}
			}
		case "sleep":
			time.Sleep(time.Duration(rapid.IntRange(1, 400).Draw(rt, "seconds")) * time.Second)
		case "restart":
			n.stop()
			n.open()
		case "crash":
			synctest.Wait()
			left := n.fs.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: 50 * rapid.IntRange(0, 2).Draw(rt, "unsynced"), RNG: rand.New(rand.NewPCG(uint64(step), 7))})
			n.stop()
			n.fs = left
			n.open()
		case "rule":
			n.toggle(rt, m)
		case "replay":
			n.replay(rt, m, a, fmt.Sprint("replay", step))
		}
	}
	n.finish(rt, m, a)
}

// finish brings everything that waits to an end, and compares.
func (n *whole) finish(rt *rapid.T, m *wholeModel, a archive.Archive) {
	time.Sleep(2 * time.Minute)
	for _, q := range wholeQueues {
		if !m.exists[q] {
			n.createQueue(m, q)
		}
	}
	n.stop()
	n.open()
	waiting := int64(0)
	for _, c := range n.book.Snapshot().Targets {
		waiting += c.Waiting
	}
	if waiting != 0 {
		rt.Fatalf("%d deliveries wait", waiting)
	}
	for _, q := range wholeQueues {
		got := map[string]map[string]int{}
		for {
			list := n.receive(q, 10, true)
			if len(list) == 0 {
				break
			}
			for _, what := range list {
				add(got, q, what, 1)
			}
		}
		if !maps.Equal(got[q], m.holds[q]) {
			rt.Fatalf("%s has\n%v, want\n%v", q, got[q], m.holds[q])
		}
	}
	time.Sleep(time.Minute) // leftovers
	if err := n.shard.View(func(v *store.View) error { return n.compare(v, rt, m, a) }); err != nil {
		rt.Fatal(err)
	}
}

func (n *whole) compare(v *store.View, rt *rapid.T, m *wholeModel, a archive.Archive) error {
	kept, err := archive.Get(v, a.Name)
	if int(kept.Events) != len(m.archived) {
		rt.Fatalf("the archive has %d events, want %d", kept.Events, len(m.archived))
	}
	for id := range m.keys {
		got, _, bad := trail.Get(v, id)
		err = errors.Join(err, bad)
		if len(got) != m.passages[id] {
			rt.Fatalf("the trail has event %s on %d buses, want %d: %+v", id, len(got), m.passages[id], got)
		}
		for _, p := range got {
			for _, match := range p.Matches {
				for _, d := range match.Deliveries {
					if state, why := d.State(); state != delivery.Delivered && state != trail.TooFar {
						rt.Fatalf("%s by %s to %s is %s: %s", id, match.Rule.ARN, d.Target.ARN, trail.OutcomeName(state), why)
					}
				}
			}
		}
	}
	for _, space := range []byte{store.SpaceSharedBody, store.SpaceSharedCount, store.SpaceOutbox} {
		err = errors.Join(err, v.Scan([]byte{space}, []byte{space + 1}, func(k, _ []byte) bool {
			if len(k) > 2 || !bytes.Equal(k[1:], []byte("n")) && len(k) > 1 {
				rt.Fatalf("%q is left", k)
			}
			return true
		}))
	}
	return err
}
