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

// scheduleSweep sees to it that somebody looks when what is sent now is too old.
func (q *Queue) scheduleSweep(tx *store.Tx) error {
	keep := q.settings.Config.RetainFor
	if q.counters.sweepAt != 0 || keep == 0 {
		return nil
	}
	return q.sweepAt(tx, tx.Now().Add(keep))
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

func (q *Queue) sweep(tx *store.Tx) error {
	oldest, found, err := q.oldest(tx)
	for n := 0; err == nil && found && n < sweepStep && q.expired(oldest.sentAt, tx.Now()); n++ {
		if err := q.expire(tx, oldest); err != nil {
			return err
		}
		oldest, found, err = q.oldest(tx)
	}
	if err != nil || !found || q.settings.Config.RetainFor == 0 {
		return err
	}
	return q.sweepAt(tx, oldest.sentAt.Add(q.settings.Config.RetainFor))
}

// aged is the oldest message.
type aged struct {
	seq     uint64
	sentAt  time.Time
	indexed bool
	group   string
}

// oldest is the message with the smallest seq, and moves expireFrom up to it.
func (q *Queue) oldest(tx *store.Tx) (aged, bool, error) {
	var best aged
	found := false
	for _, space := range []byte{store.SpaceQueueBody, store.SpaceQueueMessage} {
		var lo, hi key
		var failed error
		err := tx.Scan(lo.seq(space, q.id, q.counters.expireFrom), hi.start(space, q.id+1).bytes(), func(k, v []byte) bool {
			var m Message
			if failed = decodeRecord(v, &m); failed != nil {
				return false
			}
			if seq := u64at(k, 9); !found || seq < best.seq {
				best = aged{seq: seq, sentAt: m.SentAt, indexed: space == store.SpaceQueueMessage, group: string([]byte(m.Group))}
				found = true
			}
			return false
		})
		if err == nil {
			err = failed
		}
		if err != nil {
			return aged{}, false, fmt.Errorf("look for the oldest message of %s: %w", q.name.Name, err)
		}
	}
	if found {
		q.counters.expireFrom = best.seq
	} else {
		q.counters.expireFrom = q.counters.nextSeq
	}
	return best, found, nil
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
	return q.drop(tx, m.seq, state{indexed: m.indexed})
}
