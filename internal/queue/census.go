package queue

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/carillon-events/carillon/internal/store"
)

// Census is what the shard's queues hold together.
type Census struct {
	Queues   int
	Messages uint64
	Deepest  []Name // those with the most messages, the deepest first; never an empty one
}

// TakeCensus looks at the counters in memory only. Deepest has at most most names.
func TakeCensus(tx *store.Tx, most int) (Census, error) {
	m, err := memories.In(tx)
	if err != nil {
		return Census{}, err
	}
	c := Census{Queues: len(m.byName)}
	var top []*Queue // sorted, at most most: there may be very many queues, and writers wait
	for _, q := range m.byName {
		if q.counters.total == 0 {
			continue
		}
		c.Messages += q.counters.total
		i, _ := slices.BinarySearchFunc(top, q, deeper)
		if i < most {
			top = slices.Insert(top, i, q)[:min(len(top)+1, most)]
		}
	}
	for _, q := range top {
		c.Deepest = append(c.Deepest, q.name)
	}
	return c, nil
}

// deeper puts the queue with more messages first.
func deeper(a, b *Queue) int {
	if c := cmp.Compare(b.counters.total, a.counters.total); c != 0 {
		return c
	}
	return compareNames(a.name, b.name)
}

// Depth is the state of one queue, as cheaply as it can be told.
type Depth struct {
	Counts
	// OldestAt is when the message was sent that waits to be received for the
	// first time and comes next; zero where there is none. Between groups of a
	// standard queue it is that of the group that is served next.
	OldestAt time.Time
}

// Depth is Counts without its scans: a message whose delay has just ended may
// still count as delayed.
func (q *Queue) Depth(tx *store.Tx) (d Depth, err error) {
	if err := q.settle(tx); err != nil {
		return d, err
	}
	lagging, err := q.countLagging(tx)
	if err != nil {
		return d, err
	}
	d.InFlight = q.flight.len()
	d.Delayed = max(0, int(q.counters.delayed)-len(q.delayed.entries)) + lagging
	d.Ready = max(0, int(q.counters.total)-d.InFlight-d.Delayed)
	for _, first := range []func(*store.Tx) (time.Time, error){q.firstFresh, q.firstOfGroups} {
		at, err := first(tx)
		if err != nil {
			return d, fmt.Errorf("look at the oldest message of %s: %w", q.name.Name, err)
		}
		if !at.IsZero() && (d.OldestAt.IsZero() || at.Before(d.OldestAt)) {
			d.OldestAt = at
		}
	}
	return d, nil
}

// firstFresh is when the first message was sent that has no group and no delay.
func (q *Queue) firstFresh(tx *store.Tx) (at time.Time, err error) {
	if p := &q.fresh; len(p.records) > 0 {
		return recordSentAt(p.records[0].record), nil
	}
	if q.fresh.next >= q.counters.nextSeq {
		return at, nil
	}
	var lo, hi key
	err = tx.Scan(lo.seq(store.SpaceQueueBody, q.id, q.fresh.next), hi.seq(store.SpaceQueueBody, q.id, q.counters.nextSeq), func(_, v []byte) bool {
		at = recordSentAt(v)
		return false
	})
	return at, err
}

// firstOfGroups is when the first message of the group was sent that is served next.
func (q *Queue) firstOfGroups(tx *store.Tx) (at time.Time, err error) {
	h, ok, err := q.groups.first(tx, q)
	if err != nil || !ok {
		return at, err
	}
	line, err := q.waiting(tx, h.group, h.from, 1)
	if err != nil || len(line) == 0 {
		return at, err
	}
	var k key
	record, ok, err := tx.Get(k.seq(store.SpaceQueueMessage, q.id, line[0].seq))
	if err != nil || !ok {
		return at, err
	}
	return recordSentAt(record), nil
}
