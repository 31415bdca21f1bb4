package queue

import (
	"fmt"
	"time"

	"github.com/carillon-events/carillon/internal/store"
)

// A laterPage reads an index that is ordered by time, L or D, from a cursor
// that only moves forward: pages of what is due, in order.
//
// Invariant: an entry that is written is later than end, so the cursor never
// jumps over one (beyond).
type laterPage struct {
	space   byte
	entries []laterEntry // due, in order
	endAt   time.Time    // entries up to {endAt, endSeq} are in the page or gone
	endSeq  uint64
	more    bool      // due entries may lie behind the end
	nextAt  time.Time // D: the first entry that is not due; zero if unknown
}

type laterEntry struct {
	at  time.Time
	seq uint64
	state
}

// pageEntries is how many index entries are read at once.
var pageEntries = 256

func (p *laterPage) open(space byte, from uint64) {
	*p = laterPage{space: space, endAt: time.UnixMicro(int64(from)).UTC(), more: true}
}

// beyond is at, or the first instant after the cursor if at is not.
func (p *laterPage) beyond(at time.Time) time.Time {
	at = at.Truncate(time.Microsecond)
	if at.After(p.endAt) {
		return at
	}
	return p.endAt.Add(time.Microsecond)
}

// floor is an instant before which the index is empty.
func (p *laterPage) floor() time.Time {
	if len(p.entries) > 0 {
		return p.entries[0].at
	}
	return p.endAt
}

// laterFloor is an instant before which L is empty. A FIFO queue does not read L
// by the page: once loaded, all of L is in flight.
func (q *Queue) laterFloor(now time.Time) time.Time {
	floor := q.returned.floor()
	if !q.settings.Config.FIFO || !q.flight.loaded {
		return floor
	}
	if at, ok := q.flight.next(); ok && at.Before(now) {
		now = at
	}
	if now.Before(floor) {
		return floor
	}
	return now
}

// fill reads the next page of what is due at to.
func (p *laterPage) fill(tx *store.Tx, q *Queue, to time.Time) error {
	if len(p.entries) > 0 || !p.more {
		return nil
	}
	p.entries = p.entries[:0:cap(p.entries)]
	to = to.Truncate(time.Microsecond)
	err := p.scan(tx, q, to, func(e laterEntry) bool {
		p.entries = append(p.entries, e)
		p.endAt, p.endSeq = e.at, e.seq
		return len(p.entries) < pageEntries
	})
	if err != nil {
		return err
	}
	if p.more = len(p.entries) == pageEntries; !p.more && p.endAt.Before(to) {
		p.endAt, p.endSeq = to, ^uint64(0)
	}
	return nil
}

// scan calls fn with the entries behind the cursor, up to and with the instant to.
func (p *laterPage) scan(tx *store.Tx, q *Queue, to time.Time, fn func(laterEntry) bool) error {
	if p.endAt.After(to) {
		return nil
	}
	var lo, hi key
	var failed error
	err := tx.Scan(after(lo.later(p.space, q.id, p.endAt, p.endSeq)), hi.start(p.space, q.id).at(to.Add(time.Microsecond)).bytes(),
		func(k, v []byte) bool {
			e := laterEntry{at: timeAt(k, 9), seq: u64at(k, 17)}
			if e.state, failed = decodeState(v); failed != nil {
				return false
			}
			return fn(e)
		})
	if err == nil {
		err = failed
	}
	if err != nil {
		return fmt.Errorf("read index %c of %s: %w", p.space, q.name.Name, err)
	}
	return nil
}

// take removes the first entry, from the index too.
func (p *laterPage) take(tx *store.Tx, q *Queue) (laterEntry, error) {
	e := p.entries[0]
	p.entries = p.entries[1:]
	var k key
	return e, tx.Delete(k.later(p.space, q.id, e.at, e.seq))
}

// countDue counts due entries behind the page, up to maxCountScan.
func (p *laterPage) countDue(tx *store.Tx, q *Queue, now time.Time) (int, error) {
	n := 0
	err := p.scan(tx, q, now.Truncate(time.Microsecond), func(laterEntry) bool {
		n++
		return n < maxCountScan
	})
	return n, err
}

// next is when the next delayed message is due.
func (p *laterPage) next() (time.Time, bool) { return p.nextAt, !p.nextAt.IsZero() }

// postpone writes a delayed message into D.
func (q *Queue) postpone(tx *store.Tx, seq uint64, due time.Time, group string) error {
	due = q.delayed.beyond(due)
	if q.delayed.nextAt.IsZero() && !q.delayed.more || due.Before(q.delayed.nextAt) {
		q.delayed.nextAt = due
	}
	q.counters.delayed++
	var k key
	var v [maxState]byte
	return tx.Set(k.later(store.SpaceQueueDelayed, q.id, due, seq), state{indexed: true, group: group}.encode(v[:0]))
}

// maxSettlePages bounds what one call moves from D into groups.
const maxSettlePages = 8

// settleDelayed reads what has become due; a message with a group joins it.
func (q *Queue) settleDelayed(tx *store.Tx) error {
	p := &q.delayed
	if q.counters.delayed == 0 {
		p.nextAt = time.Time{}
		return nil
	}
	for pages := 0; pages < maxSettlePages && !p.nextAt.After(tx.Now()) && len(p.entries) == 0; pages++ {
		p.more = true
		if err := p.fill(tx, q, tx.Now()); err != nil {
			return err
		}
		plain := p.entries[:0]
		for _, e := range p.entries {
			if e.group == "" {
				plain = append(plain, e)
			} else if err := q.join(tx, e); err != nil {
				return err
			}
		}
		p.entries = plain
		if p.more {
			continue
		}
		if err := p.findNext(tx, q); err != nil {
			return err
		}
		break
	}
	return nil
}

// join moves a delayed message of a group from D into its group.
func (q *Queue) join(tx *store.Tx, e laterEntry) error {
	var k key
	if err := tx.Delete(k.later(store.SpaceQueueDelayed, q.id, e.at, e.seq)); err != nil {
		return err
	}
	q.counters.delayed--
	q.touch(tx)
	// At the end of the line, as its own place may lie behind where the line is read from.
	return q.queueAgain(tx, e.seq, e.state)
}

// findNext looks for the first entry that is not due yet.
func (p *laterPage) findNext(tx *store.Tx, q *Queue) error {
	p.nextAt = time.Time{}
	var lo, hi key
	return tx.Scan(after(lo.later(p.space, q.id, p.endAt, p.endSeq)), hi.start(p.space, q.id+1).bytes(), func(k, _ []byte) bool {
		p.nextAt = timeAt(k, 9)
		return false
	})
}
