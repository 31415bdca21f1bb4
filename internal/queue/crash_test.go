package queue

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/carillon-events/carillon/internal/store"
	"github.com/cockroachdb/pebble/v2/vfs"
)

// ledger is what clients were told. A call that was under way at the crash may
// have happened or not.
type ledger struct {
	mu      sync.Mutex
	tried   map[string]bool // labels of what somebody tried to send
	sent    map[string]bool // acknowledged
	erasing map[string]bool // labels of what somebody tried to delete
	erased  map[string]bool // acknowledged
}

func newLedger() *ledger {
	return &ledger{
		tried: map[string]bool{}, sent: map[string]bool{}, erasing: map[string]bool{}, erased: map[string]bool{},
	}
}

// acknowledged is what must hold now, whatever happens from here on.
func (l *ledger) acknowledged() (sent, erased map[string]bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return maps.Clone(l.sent), maps.Clone(l.erased)
}

func TestWhatWasAcknowledgedSurvivesACrash(t *testing.T) {
	crashes := 40
	if testing.Short() {
		crashes = 8
	}
	for seed := range uint64(4) {
		synctest.Test(t, func(t *testing.T) { surviveCrashes(t, seed, crashes/4) })
	}
}

// surviveCrashes lets clients work while the power fails, again and again.
func surviveCrashes(t *testing.T, seed uint64, crashes int) {
	random := rand.New(rand.NewPCG(seed, 1))
	fs := vfs.NewCrashableMem()
	n := &node{t: t, fs: fs}
	n.open()
	defer func() { n.stop() }()
	fifo := standard
	fifo.FIFO, fifo.ContentDedup = true, true
	n.create("std", standard)
	n.create("fifo", fifo)
	l := newLedger()
	for crash := range crashes {
		target := 1 + int64(random.IntN(600))
		cfg := vfs.CrashCloneCfg{UnsyncedDataPercent: 50 * random.IntN(3), RNG: random}
		var sent, erased map[string]bool
		var after *vfs.MemFS // what is left of fs after the crash
		var calls atomic.Int64
		var done atomic.Bool
		var clients sync.WaitGroup
		for client := range 8 {
			r := rand.New(rand.NewPCG(seed, uint64(100*crash+client)))
			clients.Go(func() {
				for i := 0; !done.Load(); i++ {
					l.act(n, fmt.Sprintf("%d.%d.%d.%d", seed, crash, client, i), r)
					if calls.Add(1) == target { // while the others are at it
						sent, erased = l.acknowledged()
						after = fs.CrashClone(cfg)
						done.Store(true)
					}
				}
			})
		}
		clients.Wait()
		fs = after
		n.stop()
		n.fs = fs
		n.open()
		l.check(t, n, sent, erased)
	}
	l.drain(t, n)
}

// act is one call of a client.
func (l *ledger) act(n *node, id string, random *rand.Rand) {
	name := []string{"std", "fifo"}[random.IntN(2)]
	on := func(fn func(tx *store.Tx, q *Queue) error) error {
		return n.sh.Update(context.Background(), func(tx *store.Tx) error {
			q, err := Find(tx, named(name))
			if err != nil {
				return err
			}
			return fn(tx, q)
		})
	}
	switch random.IntN(4) {
	case 0:
		l.fanOut(n, id)
		return
	case 1:
		in := DraftInput{Body: name + " " + id, Group: []string{"a", "b", ""}[random.IntN(3)]}
		if name == "fifo" && in.Group == "" {
			in.Group = "c"
		}
		l.note(l.tried, in.Body)
		if err := on(func(tx *store.Tx, q *Queue) error { _, err := Send(tx, q, NewDraft(in)); return err }); err != nil {
			n.t.Error(err)
		}
		l.note(l.sent, in.Body)
		return
	}
	var got []Message
	if err := on(func(tx *store.Tx, q *Queue) (err error) {
		got, err = Receive(tx, q, ReceiveInput{Max: 1 + random.IntN(3)})
		return err
	}); err != nil {
		n.t.Error(err)
	}
	for _, m := range got {
		if random.IntN(4) == 0 {
			continue // it comes back
		}
		name := label(m.Trace, m.Body)
		l.note(l.erasing, name)
		err := on(func(tx *store.Tx, q *Queue) error { return DeleteMessage(tx, q, m.Receipt) })
		if err == nil {
			l.note(l.erased, name)
		} else if !errors.Is(err, ErrReceiptStale) {
			n.t.Error(err)
		}
	}
}

// fanOut sends one body to both queues.
func (l *ledger) fanOut(n *node, id string) {
	shared := Share([]byte(strings.Repeat(id+" ", 200)), 2)
	err := n.sh.Update(context.Background(), func(tx *store.Tx) error {
		for _, name := range []string{"std", "fifo"} {
			in := DraftInput{Shared: shared, Trace: name + " " + id, Group: "shared"}
			l.note(l.tried, in.Trace)
			q, err := Find(tx, named(name))
			if err != nil {
				return err
			}
			if _, err := Send(tx, q, NewDraft(in)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		n.t.Error(err)
	}
	l.note(l.sent, "std "+id)
	l.note(l.sent, "fifo "+id)
}

func (l *ledger) note(in map[string]bool, body string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	in[body] = true
}

// check holds what is stored after a crash against what was acknowledged before
// it. What was not, is resolved by what there is.
func (l *ledger) check(t *testing.T, n *node, sent, erased map[string]bool) {
	t.Helper()
	all := n.stored()
	for body := range sent {
		if !all[body] && !l.erasing[body] {
			t.Errorf("%q was sent, and is lost", body)
		}
	}
	for body := range all {
		if erased[body] {
			t.Errorf("%q was deleted, and is back", body)
		}
		if !l.tried[body] {
			t.Errorf("%q came from nowhere", body)
		}
	}
	var problems []string
	if err := n.sh.View(func(v *store.View) error {
		return Verify(v, func(problem string) { problems = append(problems, problem) })
	}); err != nil || len(problems) > 0 {
		t.Error(err, problems)
	}
	l.tried, l.sent, l.erasing, l.erased = maps.Clone(all), maps.Clone(all), map[string]bool{}, map[string]bool{}
	if t.Failed() {
		t.FailNow()
	}
}

// stored are the labels of all messages.
func (n *node) stored() map[string]bool {
	all := map[string]bool{}
	n.update(func(tx *store.Tx) error {
		var messages []Message
		for _, space := range []byte{store.SpaceQueueBody, store.SpaceQueueMessage} {
			if err := tx.Scan([]byte{space}, []byte{space + 1}, func(_, v []byte) bool {
				var m Message
				if err := decodeRecord(slices.Clone(v), &m); err != nil {
					n.t.Error(err)
				}
				messages = append(messages, m)
				return true
			}); err != nil {
				return err
			}
		}
		for _, m := range messages {
			if err := m.open(tx); err != nil {
				return err
			}
			if _, id, _ := strings.Cut(m.Trace, " "); !strings.HasPrefix(m.Body, id) {
				n.t.Errorf("%q has the body %q", m.Trace, m.Body)
			}
			all[label(m.Trace, m.Body)] = true
		}
		return nil
	})
	return all
}

// drain receives all that is left: each once, FIFO groups in the order of their
// numbers.
func (l *ledger) drain(t *testing.T, n *node) {
	t.Helper()
	time.Sleep(time.Hour) // nothing is in flight any more
	left := n.stored()
	t.Logf("%d messages are left", len(left))
	last := map[string]uint64{}
	for _, name := range []string{"std", "fifo"} {
		for {
			got := n.receive(name, 10)
			if len(got) == 0 {
				break
			}
			for _, m := range got {
				message := label(m.Trace, m.Body)
				if !left[message] {
					t.Fatalf("%q was received twice, or is not there", message)
				}
				delete(left, message)
				if name == "std" {
					continue
				}
				if m.Seq < last[m.Group] {
					t.Fatalf("%q of group %s was received out of order", m.Body, m.Group)
				}
				last[m.Group] = m.Seq
			}
			n.delete(name, got...)
		}
	}
	if len(left) > 0 {
		t.Fatalf("never received: %v", left)
	}
	if keys := n.keys(store.SpaceSharedBody); keys > 0 {
		t.Errorf("%d shared bodies are left, and nobody needs them", keys)
	}
	for _, name := range []string{"std", "fifo"} {
		if c := n.counts(name); c != (Counts{}) {
			t.Errorf("%s is empty and counts %+v", name, c)
		}
	}
}
