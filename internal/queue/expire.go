package queue

import (
	"encoding/binary"
	"fmt"
	"time"

	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/timer"
)

// sweepStep is how many messages one step of a sweep drops.
const sweepStep = 1000

func (q *Queue) expired(sentAt, now time.Time) bool {
	keep := q.settings.Config.RetainFor
	return keep > 0 && now.Sub(sentAt) >= keep
}

// scheduleSweep sees to it that somebody looks when a message sent at sentAt is
// too old.
func (q *Queue) scheduleSweep(tx *store.Tx, sentAt time.Time) error {
	keep := q.settings.Config.RetainFor
	if keep == 0 {
		return nil
	}
	at := sentAt.Add(keep)
	if q.counters.sweepAt != 0 && q.counters.sweepAt <= micros(at) {
		return nil
	}
	return q.sweepAt(tx, at)
}

func (q *Queue) sweepAt(tx *store.Tx, at time.Time) error {
	if err := q.cancelSweep(tx); err != nil {
		return err
	}
	at = at.Truncate(time.Microsecond)
	q.counters.sweepAt = micros(at)
	q.touch(tx)
	return timer.Set(tx, timer.QueueSweep, at, q.ref())
}

func (q *Queue) cancelSweep(tx *store.Tx) error {
	if q.counters.sweepAt == 0 {
		return nil
	}
	at := time.UnixMicro(int64(q.counters.sweepAt)).UTC()
	q.counters.sweepAt = 0
	q.touch(tx)
	return timer.Cancel(tx, timer.QueueSweep, at, q.ref())
}

func (q *Queue) ref() []byte { return binary.BigEndian.AppendUint64(nil, q.id) }

// Sweep is the handler of timer.QueueSweep: it drops messages that are older
// than the queue keeps them, and sets the timer for the next one.
func Sweep(tx *store.Tx, at time.Time, ref []byte) error {
	m, err := memories.In(tx)
	if err != nil {
		return err
	}
	if len(ref) != 8 {
		return fmt.Errorf("queue: sweep of %x", ref)
	}
	q := m.byID[u64at(ref, 0)]
	if q == nil || q.counters.sweepAt != micros(at) {
		return nil
	}
	if err := q.settle(tx); err != nil {
		return err
	}
	q.counters.sweepAt = 0
	q.touch(tx)
	return q.sweep(tx)
}

// sweep drops a step of old messages and sets the timer for the next ones.
func (q *Queue) sweep(tx *store.Tx) error {
	if q.counters.total == 0 { // and not a look at the tombstones
		q.counters.expireFrom = q.counters.nextSeq
		return nil
	}
	var next nextSweep
	expireFrom := q.counters.nextSeq
	for _, space := range []byte{store.SpaceQueueBody, store.SpaceQueueMessage} {
		old, left, found, err := q.oldest(tx, space)
		if err != nil {
			return err
		}
		if err := q.forgetDelays(tx, old); err != nil {
			return err
		}
		for _, m := range old {
			if err := q.expire(tx, m); err != nil {
				return err
			}
		}
		if found {
			expireFrom = min(expireFrom, left.seq)
			next.consider(left.sentAt.Add(q.settings.Config.RetainFor))
		}
	}
	q.counters.expireFrom = expireFrom
	if !next.found || q.settings.Config.RetainFor == 0 {
		return nil
	}
	return q.sweepAt(tx, next.at)
}

type nextSweep struct {
	at    time.Time
	found bool
}

func (n *nextSweep) consider(at time.Time) {
	if !n.found || at.Before(n.at) {
		n.at, n.found = at, true
	}
}

// aged is a message by its age.
type aged struct {
	seq     uint64
	sentAt  time.Time
	indexed bool
	group   string
	block   uint64 // of its shared body
}

// oldest reads the messages that come first: those that are too old, at most
// sweepStep, and the first one that is left.
func (q *Queue) oldest(tx *store.Tx, space byte) (old []aged, left aged, found bool, err error) {
	var lo, hi key
	var failed error
	err = tx.Scan(lo.seq(space, q.id, q.counters.expireFrom), hi.start(space, q.id+1).bytes(), func(k, v []byte) bool {
		var m Message
		if failed = decodeRecord(v, &m); failed != nil {
			return false
		}
		a := aged{seq: u64at(k, 9), sentAt: m.SentAt, indexed: space == store.SpaceQueueMessage, group: string([]byte(m.Group)), block: m.shared.block}
		if found = len(old) == sweepStep || !q.expired(m.SentAt, tx.Now()); found {
			left = a
			return false
		}
		old = append(old, a)
		return true
	})
	if err == nil {
		err = failed
	}
	if err != nil {
		err = fmt.Errorf("look for old messages of %s: %w", q.name.Name, err)
	}
	return old, left, found, err
}

// maxDelay is more than any message is delayed; services see to it.
const maxDelay = 15 * time.Minute

// forgetDelays removes what old has in D: only where a queue keeps messages for
// less time than it may delay them.
func (q *Queue) forgetDelays(tx *store.Tx, old []aged) error {
	if q.counters.delayed == 0 || len(old) == 0 || q.settings.Config.RetainFor > maxDelay {
		return nil
	}
	gone := make(map[uint64]bool, len(old))
	for _, m := range old {
		gone[m.seq] = true
	}
	var lo, hi key
	var entries [][]byte
	n := 0
	err := tx.Scan(lo.start(store.SpaceQueueDelayed, q.id).at(tx.Now().Add(time.Microsecond)).bytes(), hi.start(store.SpaceQueueDelayed, q.id+1).bytes(),
		func(k, _ []byte) bool {
			if gone[u64at(k, 17)] {
				entries = append(entries, append([]byte(nil), k...))
			}
			n++
			return n < maxCountScan
		})
	for _, k := range entries {
		if err == nil {
			q.counters.delayed--
			err = tx.Delete(k)
		}
	}
	return err
}

// expire drops one message, wherever it is. Entries of L and D are left to the
// receiver that meets them.
func (q *Queue) expire(tx *store.Tx, m aged) error {
	if a := q.flight.bySeq[m.seq]; a != nil {
		return q.deleteInFlight(tx, a)
	}
	if !m.indexed {
		q.fresh.dropBelow(m.seq + 1)
	}
	if m.group != "" {
		var k key
		if err := tx.Delete(k.group(q.id, m.group, m.seq)); err != nil {
			return err
		}
		if err := tx.Delete(k.seq(store.SpaceQueueState, q.id, m.seq)); err != nil {
			return err
		}
	}
	return q.drop(tx, m.seq, state{indexed: m.indexed, block: m.block})
}
