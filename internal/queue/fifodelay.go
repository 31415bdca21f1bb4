package queue

import (
	"fmt"
	"sort"
	"time"

	"github.com/carillon-events/carillon/internal/store"
)

// The delay of a FIFO queue is the queue's, for all messages alike, also for
// those that were sent before it was changed. So no index is needed: a group's
// messages are looked at when their turn has come.

// dueOf is how many messages at the head of a FIFO group's line are not delayed
// any more, and when the next one is not. A change of the queue's delay counts
// for messages that were sent before.
func (q *Queue) dueOf(tx *store.Tx, line []place) (int, time.Time, error) {
	delay := q.settings.Config.DelayFor
	if !q.settings.Config.FIFO || delay == 0 {
		return len(line), time.Time{}, nil
	}
	for i, p := range line {
		var k key
		record, ok, err := tx.Get(k.seq(store.SpaceQueueMessage, q.id, p.seq))
		if err != nil {
			return 0, time.Time{}, err
		}
		if !ok || len(record) < fieldsOffset {
			continue
		}
		if at := recordSentAt(record).Add(delay); at.After(tx.Now()) {
			return i, at, nil
		}
	}
	return len(line), time.Time{}, nil
}

// nextDelayed is when the first group's delay ends.
func (g *groups) nextDelayed() (time.Time, bool) { return g.dueAt, !g.dueAt.IsZero() }

// sends are when those messages of a FIFO queue were sent that are still
// delayed, oldest first, to count them.
type sends struct {
	known bool // else they have to be read
	at    []time.Time
}

// maxNotedSends bounds memory; beyond it Counts.Delayed is too small.
const maxNotedSends = 100_000

func (s *sends) note(now time.Time, delay time.Duration) {
	if !s.known {
		return
	}
	s.trim(now, delay)
	if len(s.at) < maxNotedSends {
		s.at = append(s.at, now)
	}
}

func (s *sends) trim(now time.Time, delay time.Duration) {
	for len(s.at) > 0 && !s.at[0].Add(delay).After(now) {
		s.at = s.at[1:]
	}
}

// countLagging is how many messages of a FIFO queue are delayed.
func (q *Queue) countLagging(tx *store.Tx) (int, error) {
	c, s := &q.settings.Config, &q.groups.sends
	if !c.FIFO || c.DelayFor == 0 {
		return 0, nil
	}
	if !s.known {
		if err := q.readSends(tx, c.DelayFor); err != nil {
			return 0, fmt.Errorf("count what is delayed in %s: %w", q.name.Name, err)
		}
	}
	delay := c.DelayFor
	if c.RetainFor > 0 {
		delay = min(delay, c.RetainFor)
	}
	s.trim(tx.Now(), delay)
	return len(s.at), nil
}

// readSends looks for the first message that is delayed, and reads on from there.
func (q *Queue) readSends(tx *store.Tx, delay time.Duration) error {
	from := q.counters.expireFrom
	var failed error
	n := sort.Search(int(q.counters.nextSeq-from), func(i int) bool {
		late := true
		if err := q.scanSends(tx, from+uint64(i), func(_ uint64, at time.Time) bool {
			late = at.Add(delay).After(tx.Now())
			return false
		}); err != nil {
			failed = err
		}
		return late
	})
	if failed != nil {
		return failed
	}
	s := &q.groups.sends
	s.known, s.at = true, nil
	return q.scanSends(tx, from+uint64(n), func(seq uint64, at time.Time) bool {
		if q.flight.bySeq[seq] == nil {
			s.at = append(s.at, at)
		}
		return len(s.at) < maxNotedSends
	})
}

func (q *Queue) scanSends(tx *store.Tx, from uint64, fn func(seq uint64, at time.Time) bool) error {
	var lo, hi key
	return tx.Scan(lo.seq(store.SpaceQueueMessage, q.id, from), hi.start(store.SpaceQueueMessage, q.id+1).bytes(), func(k, v []byte) bool {
		return len(v) < fieldsOffset || fn(u64at(k, 9), recordSentAt(v))
	})
}
