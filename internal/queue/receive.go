package queue

import (
	"fmt"
	"time"

	"github.com/carillon-events/carillon/internal/store"
)

// ReceiveInput says what a receiver wants.
type ReceiveInput struct {
	Max        int           // messages, at least 1
	HideFor    time.Duration // replaces the queue's visibility timeout
	HasHideFor bool
	Attempt    string // FIFO: a repeat with this id within 5 minutes gets the same messages
	Limits     Limits // DefaultLimits where zero
}

// Receive takes up to in.Max messages and hides them from other receivers.
// A message that was received too often goes to the dead-letter queue instead.
func Receive(tx *store.Tx, q *Queue, in ReceiveInput) ([]Message, error) {
	if err := q.settle(tx); err != nil {
		return nil, err
	}
	got, err := q.receive(tx, in)
	if len(got) > 0 && tx.Waiting(q.topic()) > 0 && q.mayHaveMore() {
		q.wakeOne(tx)
	}
	q.watch(tx)
	return got, err
}

func (q *Queue) receive(tx *store.Tx, in ReceiveInput) ([]Message, error) {
	q.unfinished = false
	r := receiver{q: q, hideFor: q.settings.Config.HideFor, max: in.Max}
	if in.HasHideFor {
		r.hideFor = in.HideFor
	}
	if in.Attempt != "" && q.settings.Config.FIFO {
		if again, err := q.repeat(tx, in.Attempt, r.hideFor); err != nil || again != nil {
			return again, err
		}
	}
	if room := in.limit(q) - q.flight.len(); room < r.max {
		r.max = room
	}
	if q.full = r.max <= 0; q.full {
		if q.settings.Config.FIFO {
			return nil, nil
		}
		return nil, ErrInFlightLimit
	}
	if err := r.run(tx); err != nil {
		return nil, fmt.Errorf("receive from %s: %w", q.name.Name, err)
	}
	if in.Attempt != "" && q.settings.Config.FIFO {
		q.attempts.note(in.Attempt, tx.Now(), r.out)
	}
	q.unfinished = len(r.out) == 0 && r.full()
	return r.out, nil
}

// limit is how many messages of q may be in flight.
func (in *ReceiveInput) limit(q *Queue) int {
	limit, standard := in.Limits.InFlight, DefaultLimits.InFlight
	if q.settings.Config.FIFO {
		limit, standard = in.Limits.InFlightFIFO, DefaultLimits.InFlightFIFO
	}
	if limit == 0 {
		return standard
	}
	return limit
}

// mayHaveMore is false only if nothing is ready.
func (q *Queue) mayHaveMore() bool {
	return len(q.fresh.records) > 0 || q.fresh.next < q.counters.nextSeq ||
		len(q.returned.entries) > 0 || q.returned.more || len(q.delayed.entries) > 0 ||
		len(q.groups.heads) > 0 || !q.groups.complete
}

// receiver is one Receive under way.
type receiver struct {
	q       *Queue
	hideFor time.Duration
	max     int
	out     []Message
	moved   int // messages and index entries taken without being handed out

	// divert takes a message instead of handing it out, for a move task.
	divert func(tx *store.Tx, seq uint64, s state, m *Message) error
	halted bool // a diverted message was put back: no more
}

// maxMovedAtOnce bounds what one Receive dead-letters, drops or skips.
const maxMovedAtOnce = 1000

// sources is how many places of a standard queue have messages.
const sources = 4

// takeFrom takes the next message of a source; false if it has none.
func (r *receiver) takeFrom(tx *store.Tx, source int) (bool, error) {
	switch source {
	case 0:
		return r.takeFresh(tx)
	case 1:
		return r.takeReturned(tx)
	case 2:
		return r.takeDelayed(tx)
	}
	return r.takeGroup(tx)
}

// run takes from the sources in turn, so that none starves another.
func (r *receiver) run(tx *store.Tx) error {
	if r.q.settings.Config.FIFO {
		return r.drain(tx)
	}
	for empty := 0; empty < sources && !r.full(); {
		r.q.turn = (r.q.turn + 1) % sources
		ok, err := r.takeFrom(tx, r.q.turn)
		if err != nil {
			return err
		}
		if ok {
			empty = 0
		} else {
			empty++
		}
	}
	return nil
}

// drain takes groups until the receiver is full, or none is left.
func (r *receiver) drain(tx *store.Tx) error {
	for !r.full() {
		if ok, err := r.takeGroup(tx); err != nil || !ok {
			return err
		}
	}
	return nil
}

func (r *receiver) full() bool { return len(r.out) >= r.max || r.moved >= maxMovedAtOnce || r.halted }

func (r *receiver) takeFresh(tx *store.Tx) (bool, error) {
	q := r.q
	if err := q.fresh.fill(tx, q); err != nil || len(q.fresh.records) == 0 {
		return false, err
	}
	f := q.fresh.take()
	q.touch(tx)
	return true, r.give(tx, f.seq, f.record, state{})
}

func (r *receiver) takeReturned(tx *store.Tx) (bool, error) {
	q := r.q
	if err := q.returned.fill(tx, q, q.flight.before(tx.Now())); err != nil || len(q.returned.entries) == 0 {
		return false, err
	}
	e, err := q.returned.take(tx, q)
	if err != nil {
		return false, err
	}
	q.touch(tx)
	if e.group != "" { // its flight ended while the store was closed
		r.moved++
		return true, q.queueAgain(tx, e.seq, e.state)
	}
	return true, r.fetch(tx, e)
}

func (r *receiver) takeDelayed(tx *store.Tx) (bool, error) {
	q := r.q
	delayed := q.counters.delayed
	if err := q.settleDelayed(tx); err != nil || len(q.delayed.entries) == 0 {
		// What has joined its group is ready there, where this receiver may have
		// looked already.
		return q.counters.delayed < delayed, err
	}
	e, err := q.delayed.take(tx, q)
	if err != nil {
		return false, err
	}
	q.counters.delayed--
	q.touch(tx)
	return true, r.fetch(tx, e)
}

// fetch gives the message that an index entry leads to, if it still exists:
// deleting one that is not in flight leaves its entry behind.
func (r *receiver) fetch(tx *store.Tx, e laterEntry) error {
	var k key
	record, ok, err := tx.Get(e.bodyKey(&k, r.q.id, e.seq))
	if err != nil || !ok {
		r.moved++
		return err
	}
	return r.give(tx, e.seq, record, e.state)
}

// takeGroup serves the first group: one message of it, or in a FIFO queue as
// many as the receiver wants.
func (r *receiver) takeGroup(tx *store.Tx) (bool, error) {
	q, g := r.q, &r.q.groups
	g.dueAt = time.Time{}
	h, ok, err := g.first(tx, q)
	if err != nil || !ok {
		return false, err
	}
	n := 1
	if want := r.max - len(r.out); q.settings.Config.FIFO {
		n = want
	} else if len(g.heads) == 1 && g.complete {
		n = (want + 1) / 2 // no other group waits; leave some for messages without one
	}
	line, err := q.waiting(tx, h.group, h.from, n+1)
	if err != nil {
		return false, err
	}
	due, delayEnds, err := q.dueOf(tx, line)
	if err != nil {
		return false, err
	}
	behind := q.settings.Config.FIFO && len(line) > 0 && line[0].ticket > h.tag // its first message is gone
	if due == 0 && len(line) > 0 && !behind {
		g.dueAt = delayEnds
		return false, nil
	}
	if err := g.removeFirst(tx, q); err != nil {
		return false, err
	}
	q.touch(tx)
	if behind || len(line) == 0 {
		r.moved++
		due = 0
	}
	n = min(n, due)
	return true, r.serve(tx, h, line[:n], line[n:])
}

// serve takes those places of a group; rest comes after them.
func (r *receiver) serve(tx *store.Tx, h head, line, rest []place) error {
	g := &r.q.groups
	// What comes back to the line meanwhile does not put the group in order again.
	g.serving, g.servingFrom = h.group, ^uint64(0)
	if len(rest) > 0 {
		g.servingFrom = rest[0].ticket
	}
	for _, p := range line {
		if err := r.takeOfGroup(tx, h.group, p); err != nil {
			return err
		}
	}
	from := g.servingFrom
	g.serving = ""
	return r.leaveGroup(tx, h, from)
}

// leaveGroup puts a group back after it was served; no ticket in its line is
// smaller than from, the largest number if there is none.
func (r *receiver) leaveGroup(tx *store.Tx, h head, from uint64) error {
	q, g := r.q, &r.q.groups
	if l, locked := g.locked[h.group]; locked {
		l.from = from
		g.locked[h.group] = l
		return nil
	}
	tag := from
	if !q.settings.Config.FIFO {
		q.serve(h)
		tag = h.tag + 1
	}
	if from == ^uint64(0) {
		return nil
	}
	return g.insert(tx, q, head{tag, h.group, from})
}

func (r *receiver) takeOfGroup(tx *store.Tx, group string, p place) error {
	q, seq := r.q, p.seq
	var k key
	if err := tx.Delete(k.group(q.id, group, p.ticket)); err != nil {
		return err
	}
	e := laterEntry{seq: seq, state: state{indexed: true, group: group}}
	if p.again {
		v, ok, err := tx.Get(k.seq(store.SpaceQueueState, q.id, seq))
		if err != nil {
			return err
		}
		if !ok { // deleted since
			r.moved++
			return nil
		}
		if e.state, err = decodeState(v); err != nil {
			return err
		}
		if err := tx.Delete(k.seq(store.SpaceQueueState, q.id, seq)); err != nil {
			return err
		}
	}
	return r.fetch(tx, e)
}

// give hands out one message, unless it is too old or was received too often.
func (r *receiver) give(tx *store.Tx, seq uint64, record []byte, s state) error {
	q := r.q
	var m Message
	if err := decodeRecord(record, &m); err != nil {
		return fmt.Errorf("message %d: %w", seq, err)
	}
	s.block = m.shared.block
	if q.expired(m.SentAt, tx.Now()) {
		r.moved++
		return q.drop(tx, seq, s)
	}
	if err := m.open(tx); err != nil {
		return fmt.Errorf("message %d: %w", seq, err)
	}
	if r.divert != nil {
		r.moved++
		return r.divert(tx, seq, s, &m)
	}
	if dl := q.settings.Config.DeadLetter; dl != nil && int(s.receives) >= dl.MaxReceives {
		if gone, err := q.deadLetter(tx, seq, s, &m); gone || err != nil {
			r.moved++
			return err
		}
	}
	s.receives++
	s.lastAt = tx.Now()
	if s.firstAt.IsZero() {
		s.firstAt = tx.Now()
	}
	if err := q.takeOff(tx, seq, s, r.hideFor); err != nil {
		return err
	}
	if s.group != "" {
		q.groups.hold(q, s.group, seq)
	}
	r.out = append(r.out, q.handOut(m, seq, s))
	return nil
}

func (q *Queue) handOut(m Message, seq uint64, s state) Message {
	m.Seq, m.Receives, m.FirstReceivedAt = seq, m.before+int(s.receives), s.firstAt
	m.Receipt = Receipt{Queue: q.id, Seq: seq, Receives: s.receives, Indexed: s.indexed}
	return m
}

// drop deletes a message that no index leads to any more. s says where its body
// is, also if it is shared.
func (q *Queue) drop(tx *store.Tx, seq uint64, s state) error {
	q.counters.total--
	q.touch(tx)
	var k key
	if err := tx.Delete(s.bodyKey(&k, q.id, seq)); err != nil {
		return err
	}
	return releaseBody(tx, s.block, 1)
}
