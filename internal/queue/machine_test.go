package queue

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/carillon-events/carillon/internal/store"
	"github.com/cockroachdb/pebble/v2/vfs"
	"pgregory.net/rapid"
)

// TestQueuesDoWhatTheModelDoes drives four queues and their model through the
// same random life: sends, receipts, deletions, time, crashes, and so on.
func TestQueuesDoWhatTheModelDoes(t *testing.T) {
	live(t)
}

// The same with pages of one or two entries, so that every step turns one.
func TestQueuesWithTinyPagesDoWhatTheModelDoes(t *testing.T) {
	for page, tiny := range map[*int]int{
		&pageRecords: 2, &pageEntries: 2, &maxHeads: 2, &pageHeads: 1,
		&maxBlockBodies: 2, &maxBlocks: 2, &maxRecentBytes: 1000, &leftoverStep: 2,
	} {
		usual := *page
		*page = tiny
		defer func() { *page = usual }()
	}
	live(t)
}

func live(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		rapid.SyncTest(rt, func(rt *rapid.T) {
			m := newMachine(rt, t)
			defer func() { m.node.stop() }()
			rt.Repeat(m.actions())
		})
	})
}

type machine struct {
	*rapid.T
	node     *node
	fs       *vfs.MemFS
	queues   map[string]*modelQueue
	deleted  map[string]time.Time
	receipts []issued
	attempts map[string]attempted
	bodies   int
	tasks    int
	moving   map[string]string // source to destination, empty for back to where they came from
	last     time.Time         // of the last reconciliation
}

type issued struct {
	queue   *modelQueue
	message *modelMessage
	receipt Receipt
}

type attempted struct {
	at       time.Time
	receipts []issued
	changed  bool
}

var machineQueues = []string{"std", "std-dead", "fifo", "fifo-dead"}

var machineLimits = Limits{InFlight: 8, InFlightFIFO: 6}

func newMachine(rt *rapid.T, t *testing.T) *machine {
	m := &machine{T: rt, fs: vfs.NewCrashableMem(), queues: map[string]*modelQueue{}, deleted: map[string]time.Time{}, moving: map[string]string{}, attempts: map[string]attempted{}}
	m.node = &node{t: t, fs: m.fs}
	m.node.open()
	for _, name := range machineQueues {
		m.create(name)
	}
	m.last = time.Now()
	return m
}

func (m *machine) actions() map[string]func(*rapid.T) {
	return map[string]func(*rapid.T){
		"send":        func(*rapid.T) { m.send() },
		"send again":  func(*rapid.T) { m.send() },
		"fan out":     func(*rapid.T) { m.fanOut() },
		"fan out 2":   func(*rapid.T) { m.fanOut() },
		"receive":     func(*rapid.T) { m.receive() },
		"receive 2":   func(*rapid.T) { m.receive() },
		"wait":        func(*rapid.T) { m.wait() },
		"attempt":     func(*rapid.T) { m.attempt() },
		"delete":      func(*rapid.T) { m.deleteMessage() },
		"hide":        func(*rapid.T) { m.hide() },
		"sleep":       func(*rapid.T) { m.sleep() },
		"restart":     func(*rapid.T) { m.node.restart(); clear(m.attempts) },
		"crash":       func(*rapid.T) { m.crash() },
		"purge":       func(*rapid.T) { m.purge() },
		"drop":        func(*rapid.T) { m.deleteQueue() },
		"configure":   func(*rapid.T) { m.configure() },
		"counts":      func(*rapid.T) { m.counts() },
		"move":        func(*rapid.T) { m.move() },
		"cancel move": func(*rapid.T) { m.cancelMove() },
		"":            func(*rapid.T) { m.reconcile() },
	}
}

func (m *machine) on(name string, fn func(tx *store.Tx, q *Queue) error) error {
	return m.node.sh.Update(context.Background(), func(tx *store.Tx) error {
		q, err := Find(tx, named(name))
		if err != nil {
			return err
		}
		return fn(tx, q)
	})
}

func (m *machine) must(err error) {
	if err != nil {
		m.Fatalf("%v", err)
	}
}

func (m *machine) pick() (string, *modelQueue) {
	name := rapid.SampledFrom([]string{"std", "fifo", "std", "fifo", "std-dead", "fifo-dead"}).Draw(m.T, "queue")
	q := m.queues[name]
	if q == nil {
		m.Skip("deleted")
	}
	return name, q
}

func (m *machine) seconds(label string, of ...int) time.Duration {
	return time.Duration(rapid.SampledFrom(of).Draw(m.T, label)) * time.Second
}

func (m *machine) config(name string) Config {
	c := Config{
		FIFO:      strings.HasPrefix(name, "fifo"),
		DelayFor:  m.seconds("delay", 0, 0, 0, 7),
		HideFor:   m.seconds("hide", 30, 5, 0),
		RetainFor: m.seconds("retain", 600, 60, 0),
	}
	if !strings.HasSuffix(name, "dead") {
		c.DeadLetter = &DeadLetter{Target: named(name + "-dead"), MaxReceives: rapid.IntRange(1, 3).Draw(m.T, "max receives")}
	}
	return c
}

func (m *machine) create(name string) {
	c := m.config(name)
	m.must(m.node.sh.Update(context.Background(), func(tx *store.Tx) error { return Create(tx, named(name), Settings{Config: c}) }))
	q := &modelQueue{Config: c, dedup: map[string]modelSent{}}
	m.must(m.on(name, func(tx *store.Tx, real *Queue) error { q.id = real.id; return nil }))
	m.queues[name] = q
}

func (m *machine) send() {
	name, q := m.pick()
	m.bodies++
	in := DraftInput{Body: fmt.Sprint("m", m.bodies)}
	m.draft(q, &in)
	var sent Sent
	err := m.on(name, func(tx *store.Tx, real *Queue) (err error) {
		sent, err = Send(tx, real, NewDraft(in))
		return err
	})
	if q.FIFO && in.Group == "" {
		if !errors.Is(err, ErrNoGroup) {
			m.Fatalf("sent without a group: %v", err)
		}
		return
	}
	m.must(err)
	m.sent(q, in, sent, in.Body)
}

// fanOut sends one body to several queues at once.
func (m *machine) fanOut() {
	names := slices.DeleteFunc(slices.Clone(machineQueues), func(name string) bool { return m.queues[name] == nil })
	if len(names) > 2 && rapid.Bool().Draw(m.T, "not to all") {
		i := rapid.IntRange(0, len(names)-1).Draw(m.T, "not to")
		names = slices.Delete(names, i, i+1)
	}
	m.bodies++
	text := strings.Repeat(fmt.Sprintf("m%d, shared. ", m.bodies), 100)
	shared := Share([]byte(text), len(names))
	if shared == nil {
		m.Skip("too few queues")
	}
	ins, sent := make([]DraftInput, len(names)), make([]Sent, len(names))
	for i, name := range names {
		ins[i] = DraftInput{Shared: shared, Trace: fmt.Sprintf("m%d to %s", m.bodies, name)}
		if m.draft(m.queues[name], &ins[i]); m.queues[name].FIFO && ins[i].Group == "" {
			ins[i].Group = "a"
		}
	}
	m.must(m.node.sh.Update(context.Background(), func(tx *store.Tx) error {
		for i, name := range names {
			real, err := Find(tx, named(name))
			if err != nil {
				return err
			}
			if sent[i], err = Send(tx, real, NewDraft(ins[i])); err != nil {
				return err
			}
		}
		return nil
	}))
	for i, name := range names {
		m.sent(m.queues[name], ins[i], sent[i], text)
	}
}

// draft completes a message to q.
func (m *machine) draft(q *modelQueue, in *DraftInput) {
	in.ID = [16]byte{byte(m.bodies), byte(m.bodies >> 8)}
	in.Group = rapid.SampledFrom([]string{"", "a", "b", "c", "d", "e"}).Draw(m.T, "group")
	if q.FIFO {
		in.Dedup = fmt.Sprint("d", rapid.IntRange(1, 30).Draw(m.T, "dedup"))
	} else if rapid.IntRange(0, 3).Draw(m.T, "has delay") == 0 {
		in.HasDelay, in.Delay = true, m.seconds("delay", 0, 3, 20, 90)
	}
}

// sent checks what a Send has answered, and notes the message.
func (m *machine) sent(q *modelQueue, in DraftInput, sent Sent, text string) {
	now := time.Now()
	if first, ok := q.dedup[in.Dedup]; ok && q.FIFO && now.Sub(first.at) < DedupFor {
		if !sent.Duplicate || sent.ID != first.id || sent.Seq != first.seq {
			m.Fatalf("sent %+v, the first was %+v", sent, first)
		}
		return
	}
	if sent.Duplicate || len(q.messages) > 0 && sent.Seq <= q.messages[len(q.messages)-1].seq {
		m.Fatalf("sent %+v", sent)
	}
	if q.FIFO {
		q.dedup[in.Dedup] = modelSent{now, sent.ID, sent.Seq}
	}
	msg := &modelMessage{seq: sent.Seq, body: label(in.Trace, in.Body), text: text, group: in.Group, sentAt: now, dueAt: now.Add(q.DelayFor)}
	if in.HasDelay {
		msg.dueAt = now.Add(in.Delay)
	}
	q.add(msg)
}

func (m *machine) deadLetters(q *modelQueue) bool {
	return q.DeadLetter != nil && m.queues[q.DeadLetter.Target.Name] != nil
}

func (m *machine) receive() {
	name, q := m.pick()
	in := ReceiveInput{Max: rapid.IntRange(1, 5).Draw(m.T, "max"), Limits: machineLimits}
	if rapid.IntRange(0, 2).Draw(m.T, "has hide") == 0 {
		in.HasHideFor, in.HideFor = true, m.seconds("hide for", 0, 1, 100)
	}
	var got []Message
	err := m.on(name, func(tx *store.Tx, real *Queue) (err error) {
		got, err = Receive(tx, real, in)
		return err
	})
	m.received(name, q, in, got, err)
}

// received checks what a receipt gave, and notes it.
func (m *machine) received(name string, q *modelQueue, in ReceiveInput, got []Message, err error) []issued {
	now := time.Now()
	limit := machineLimits.InFlight
	if q.FIFO {
		limit = machineLimits.InFlightFIFO
	}
	room := limit - q.inFlight(now)
	if room <= 0 {
		if q.FIFO && (err != nil || len(got) > 0) || !q.FIFO && !errors.Is(err, ErrInFlightLimit) {
			m.Fatalf("received %v, %v at the limit", bodiesOf(got), err)
		}
		return nil
	}
	m.must(err)
	most := min(in.Max, room)
	good := q.good(now, m.deadLetters(q))
	if len(got) > most {
		m.Fatalf("received %d messages, at most %d were wanted", len(got), most)
	}
	m.allowed(name, q, good, got, most)
	hideFor := q.HideFor
	if in.HasHideFor {
		hideFor = in.HideFor
	}
	var out []issued
	for _, g := range got {
		i := slices.IndexFunc(good, func(o *modelMessage) bool { return o.body == label(g.Trace, g.Body) })
		o := good[i]
		o.receives++
		o.receivedAt, o.hiddenUntil = now, now.Add(hideFor)
		if o.firstAt.IsZero() {
			o.firstAt = now
		}
		if g.Body != o.text || g.Seq != o.seq || g.Receives != int(o.before+o.receives) || !g.FirstReceivedAt.Equal(o.firstAt) || !g.SentAt.Equal(o.sentAt) || g.Group != o.group || (g.Source != nil) != (o.source != "") {
			m.Fatalf("received %+v, want %+v", g, *o)
		}
		out = append(out, issued{q, o, g.Receipt})
	}
	m.receipts = append(m.receipts, out...)
	if len(got) > 0 && hideFor == 0 {
		time.Sleep(time.Millisecond) // whether they are hidden at this very instant does not matter
	}
	return out
}

// allowed checks that got is one of the sets that a receipt may give.
func (m *machine) allowed(from string, q *modelQueue, good []*modelMessage, got []Message, most int) {
	next := map[string]int{} // FIFO: how many of the group's good messages were given
	seen := map[string]bool{}
	for _, g := range got {
		i := slices.IndexFunc(good, func(o *modelMessage) bool { return o.body == label(g.Trace, g.Body) })
		name := label(g.Trace, g.Body)
		if i < 0 || seen[name] {
			m.Fatalf("received %s from %s, which was not ready", name, from)
		}
		seen[name] = true
		if !q.FIFO {
			continue
		}
		line := slices.DeleteFunc(slices.Clone(good), func(o *modelMessage) bool { return o.group != g.Group })
		if line[next[g.Group]].body != name {
			m.Fatalf("received %s of group %s, before %s", name, g.Group, line[next[g.Group]].body)
		}
		next[g.Group]++
	}
	if len(got) == most {
		return
	}
	for _, o := range good {
		if q.FIFO && next[o.group] == 0 || !q.FIFO && !seen[o.body] {
			m.Fatalf("received %d messages of at most %d, but not %s", len(got), most, o.body)
		}
	}
}

// wait is a receipt that waits: it gets something at the first instant at which
// there is something.
func (m *machine) wait() {
	name, q := m.pick()
	if len(m.moving) > 0 || q.inFlight(time.Now()) >= 6 {
		m.Skip("a move task may bring something")
	}
	begin := time.Now()
	end := begin.Add(m.seconds("wait for", 1, 20, 200))
	want, found := q.readyAt(begin, end, m.deadLetters(q))
	ctx, stop := context.WithDeadline(context.Background(), end.Add(time.Microsecond))
	defer stop()
	in := ReceiveInput{Max: 1, Limits: machineLimits}
	var got []Message
	err := m.node.sh.Update(ctx, func(tx *store.Tx) error {
		real, err := Find(tx, named(name))
		if err != nil {
			return err
		}
		if got, err = Receive(tx, real, in); err == nil && len(got) == 0 {
			return real.Wait(tx)
		}
		return err
	})
	now := time.Now()
	if errors.Is(err, store.ErrWaitEnded) {
		if found {
			m.Fatalf("waited from %s to %s on %s in vain, there was something at %s", begin, now, name, want)
		}
		return
	}
	m.must(err)
	if !found || now.Sub(want).Abs() > time.Microsecond {
		m.Fatalf("waited on %s until %s and got %v, want %s (%v)", name, now, bodiesOf(got), want, found)
	}
	m.received(name, q, in, got, nil)
}

// attempt is a receipt that may be repeated.
func (m *machine) attempt() {
	name, q := m.pick()
	if !q.FIFO {
		m.Skip("standard")
	}
	id := rapid.SampledFrom([]string{"x", "y"}).Draw(m.T, "attempt")
	in := ReceiveInput{Max: 2, Attempt: id, Limits: machineLimits}
	var got []Message
	m.must(m.on(name, func(tx *store.Tx, real *Queue) (err error) {
		got, err = Receive(tx, real, in)
		return err
	}))
	now := time.Now()
	before, repeats := m.attempts[name+id]
	repeats = repeats && now.Sub(before.at) < attemptFor && !before.changed && len(before.receipts) > 0
	for _, r := range before.receipts {
		o := r.message
		repeats = repeats && r.queue == q && slices.Contains(q.messages, o) && !q.expired(o, now) && o.inFlight(now) && o.receives == r.receipt.Receives
	}
	if !repeats {
		out := m.received(name, q, in, got, nil)
		if len(out) > 0 {
			m.attempts[name+id] = attempted{at: now, receipts: out}
		}
		return
	}
	if len(got) != len(before.receipts) {
		m.Fatalf("attempt %s got %v again, at first %d messages", id, bodiesOf(got), len(before.receipts))
	}
	for i, r := range before.receipts {
		if got[i].Receipt != r.receipt || got[i].Body != r.message.text {
			m.Fatalf("attempt %s got %v again, want %v", id, got[i].Receipt, r.receipt)
		}
		r.message.hiddenUntil = now.Add(q.HideFor)
	}
	if q.HideFor == 0 {
		time.Sleep(time.Millisecond)
	}
}

// draw is a receipt whose queue still exists.
func (m *machine) draw() (string, issued) {
	if len(m.receipts) == 0 {
		m.Skip("nothing was received")
	}
	// Late ones more often.
	i := len(m.receipts) - 1 - rapid.IntRange(0, len(m.receipts)-1).Draw(m.T, "receipt")
	r := m.receipts[i]
	for name, q := range m.queues {
		if q == r.queue {
			return name, r
		}
	}
	m.Skip("deleted")
	return "", issued{}
}

// current is whether the message is in flight by that receipt.
func (r issued) current(now time.Time) bool {
	return r.message.inFlight(now) && r.message.receives == r.receipt.Receives
}

func (m *machine) deleteMessage() {
	name, r := m.draw()
	now := time.Now()
	err := m.on(name, func(tx *store.Tx, real *Queue) error { return DeleteMessage(tx, real, r.receipt) })
	q := r.queue
	if !slices.Contains(q.messages, r.message) || q.expired(r.message, now) {
		if err != nil && !q.FIFO {
			m.Fatalf("delete a message that is gone: %v", err)
		}
		return
	}
	switch {
	case r.current(now), !q.FIFO && !r.message.inFlight(now):
		m.must(err)
		q.remove(r.message)
	case q.FIFO:
		if !errors.Is(err, ErrReceiptStale) {
			m.Fatalf("delete with an old receipt: %v", err)
		}
	default:
		m.must(err)
	}
}

func (m *machine) hide() {
	name, r := m.draw()
	now := time.Now()
	hideFor := m.seconds("hide for", 0, 1, 40, 12*3600)
	err := m.on(name, func(tx *store.Tx, real *Queue) error { return ChangeVisibility(tx, real, r.receipt, hideFor) })
	q := r.queue
	switch {
	case !slices.Contains(q.messages, r.message) || q.expired(r.message, now) || !r.current(now):
		if !errors.Is(err, ErrNotInFlight) && !errors.Is(err, ErrMessageGone) && !errors.Is(err, ErrReceiptStale) {
			m.Fatalf("hide a message that is not in flight: %v", err)
		}
	case now.Add(hideFor).Sub(r.message.receivedAt) > MaxHideFor:
		if !errors.Is(err, ErrHiddenTooLong) {
			m.Fatalf("hide a message received at %s: %v", r.message.receivedAt, err)
		}
	default:
		m.must(err)
		r.message.hiddenUntil = now.Add(hideFor)
		for id, a := range m.attempts {
			if slices.ContainsFunc(a.receipts, func(o issued) bool { return o.message == r.message }) {
				a.changed = true
				m.attempts[id] = a
			}
		}
		if hideFor == 0 {
			time.Sleep(time.Millisecond)
		}
	}
}

func (m *machine) sleep() {
	time.Sleep(m.seconds("sleep", 1, 2, 5, 10, 30, 30, 100, 301))
}

// crash loses all, or a random part, of what was not synced. Everything that
// was acknowledged stays.
func (m *machine) crash() {
	synctest.Wait()
	percent := rapid.SampledFrom([]int{0, 50}).Draw(m.T, "unsynced data kept")
	seed := rapid.Uint64().Draw(m.T, "seed")
	m.fs = m.fs.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: percent, RNG: rand.New(rand.NewPCG(seed, 0))})
	m.node.stop()
	m.node.fs = m.fs
	m.node.open()
	clear(m.attempts)
}

func (m *machine) purge() {
	name, q := m.pick()
	err := m.on(name, func(tx *store.Tx, real *Queue) error { return Purge(tx, real) })
	now := time.Now()
	if !q.purgedAt.IsZero() && now.Sub(q.purgedAt) < DeletedFor {
		if !errors.Is(err, ErrPurging) {
			m.Fatalf("purged twice: %v", err)
		}
		return
	}
	m.must(err)
	q.messages, q.purgedAt = nil, now
}

// deleteQueue deletes a queue, or creates one again that was deleted.
func (m *machine) deleteQueue() {
	name := rapid.SampledFrom(machineQueues).Draw(m.T, "queue")
	if q := m.queues[name]; q != nil {
		m.must(m.on(name, Delete))
		delete(m.queues, name)
		m.deleted[name] = time.Now()
		return
	}
	if wait := DeletedFor - time.Since(m.deleted[name]); wait > 0 {
		err := m.node.sh.Update(context.Background(), func(tx *store.Tx) error { return Create(tx, named(name), Settings{}) })
		if !errors.Is(err, ErrDeletedRecently) {
			m.Fatalf("created again: %v", err)
		}
		time.Sleep(wait)
	}
	m.create(name)
}

func (m *machine) configure() {
	name, q := m.pick()
	c := m.config(name)
	m.must(m.on(name, func(tx *store.Tx, real *Queue) error { return Configure(tx, real, Settings{Config: c}) }))
	q.Config = c
}

func (m *machine) counts() {
	name, q := m.pick()
	var c Counts
	m.must(m.on(name, func(tx *store.Tx, real *Queue) (err error) {
		c, err = real.Counts(tx)
		return err
	}))
	want := q.counts(time.Now())
	old := len(q.messages) - want.Ready - want.InFlight - want.Delayed
	if old > 0 { // too old, but behind younger ones: not swept yet
		c.Ready, want.Ready = 0, 0
		c.Delayed, want.Delayed = 0, 0
	}
	if q.FIFO && slices.ContainsFunc(q.messages, func(o *modelMessage) bool { return o.receives > 0 && q.delayed(o, time.Now()) }) {
		c.Ready, want.Ready = 0, 0 // received, and then delayed by a change of the queue's delay
		c.Delayed, want.Delayed = 0, 0
	}
	if c != want {
		m.Fatalf("counts of %s are %+v, want %+v", name, c, want)
	}
}

func (m *machine) move() {
	source := rapid.SampledFrom([]string{"std-dead", "fifo-dead"}).Draw(m.T, "source")
	kind, _, _ := strings.Cut(source, "-")
	to := rapid.SampledFrom([]string{"", kind}).Draw(m.T, "to")
	if m.queues[source] == nil || to != "" && m.queues[to] == nil {
		m.Skip("deleted")
	}
	rate := rapid.SampledFrom([]int{0, 1}).Draw(m.T, "rate")
	m.tasks++
	err := m.on(source, func(tx *store.Tx, real *Queue) error {
		var dest *Queue
		if to != "" {
			var err error
			if dest, err = Find(tx, named(to)); err != nil {
				return err
			}
		}
		_, err := StartMove(tx, fmt.Sprint("task", m.tasks), real, dest, rate)
		return err
	})
	_, active := m.moving[source]
	switch {
	case active && errors.Is(err, ErrMoveActive), m.queues[kind] == nil && errors.Is(err, ErrNotDeadLetter):
	case active, m.queues[kind] == nil:
		m.Fatalf("move from %s: %v", source, err)
	default:
		m.must(err)
		m.moving[source] = to
		time.Sleep(time.Millisecond) // what a failed task puts back is hidden for an instant
	}
}

func (m *machine) cancelMove() {
	if m.tasks == 0 {
		m.Skip("none")
	}
	err := m.node.sh.Update(context.Background(), func(tx *store.Tx) error {
		_, err := CancelMove(tx, fmt.Sprint("task", m.tasks))
		return err
	})
	if err != nil && !errors.Is(err, ErrMoveNotRunning) && !errors.Is(err, ErrMoveNotFound) {
		m.Fatalf("cancel: %v", err)
	}
}
