package queue

import (
	"encoding/binary"
	"fmt"
	"time"

	"github.com/carillon-events/carillon/internal/store"
)

// counters are what a queue remembers beside its settings. They are written
// once for each group of transactions that touched the queue:
//
//	{version u8} then twelve u64: nextSeq, freshFrom, total, delayed,
//	laterFrom, delayedFrom, headFrom, expireFrom, clock, bucket, purgedAt,
//	sweepAt; in version 2 a thirteenth: sharedTo
//
// Version 1 is written as long as sharedTo is 0.
type counters struct {
	nextSeq     uint64 // of the next message; the first is 1
	freshFrom   uint64 // B below this seq was received
	total       uint64 // messages stored
	delayed     uint64 // D keys
	laterFrom   uint64 // no L key of a returned message lies before this instant
	delayedFrom uint64 // no D key lies before this instant
	headFrom    uint64 // no H key has a smaller tag
	expireFrom  uint64 // no message below this seq is left
	clock       uint64 // virtual time of the groups: the tag served last
	bucket      uint64 // newest deduplication bucket
	purgedAt    uint64 // microseconds; 0 never
	sweepAt     uint64 // when the retention timer fires, microseconds; 0 where none is set
	sharedTo    uint64 // no message above this seq shares its body
}

const countersSize = 1 + 12*8

func (c *counters) fields() [12]*uint64 {
	return [12]*uint64{
		&c.nextSeq, &c.freshFrom, &c.total, &c.delayed, &c.laterFrom, &c.delayedFrom,
		&c.headFrom, &c.expireFrom, &c.clock, &c.bucket, &c.purgedAt, &c.sweepAt,
	}
}

func (c *counters) encode() []byte {
	b := make([]byte, 1, countersSize+8)
	b[0] = 1
	for _, f := range c.fields() {
		b = binary.BigEndian.AppendUint64(b, *f)
	}
	if c.sharedTo > 0 {
		b[0] = 2
		b = binary.BigEndian.AppendUint64(b, c.sharedTo)
	}
	return b
}

func (c *counters) decode(b []byte) error {
	switch {
	case len(b) == countersSize && b[0] == 1:
	case len(b) == countersSize+8 && b[0] == 2:
		c.sharedTo = u64at(b, countersSize)
	default:
		return fmt.Errorf("queue: counters of %d bytes", len(b))
	}
	for i, f := range c.fields() {
		*f = u64at(b, 1+8*i)
	}
	return nil
}

// touch has the counters written at the end of the group.
func (q *Queue) touch(tx *store.Tx) {
	if !q.dirty {
		q.dirty = true
		tx.BeforeCommit(q)
	}
}

// Flush implements store.Flusher.
func (q *Queue) Flush(tx *store.Tx) error {
	q.dirty = false
	if q.deleted {
		return q.mark(tx)
	}
	q.counters.freshFrom = q.fresh.cursor()
	q.counters.laterFrom = micros(q.laterFloor(tx.Now()))
	q.counters.delayedFrom = uint64(q.delayed.floor().UnixMicro())
	q.counters.headFrom = q.groups.floor()
	var k key
	return tx.Set(k.start(store.SpaceQueueCounter, q.id).bytes(), q.counters.encode())
}

// mark leaves the counters of a deleted queue only where it had the largest number.
func (q *Queue) mark(tx *store.Tx) error {
	m, err := memories.In(tx)
	if err != nil {
		return err
	}
	var k key
	k.start(store.SpaceQueueCounter, q.id)
	if m.lastID != q.id {
		return tx.Delete(k.bytes())
	}
	return tx.Set(k.bytes(), q.counters.encode())
}

// Counts of a queue's messages.
type Counts struct{ Ready, InFlight, Delayed int }

// maxCountScan bounds what Counts looks at; beyond it the split between ready
// and delayed is approximate.
const maxCountScan = 100_000

// Counts is how many messages the queue has.
func (q *Queue) Counts(tx *store.Tx) (Counts, error) {
	if err := q.settle(tx); err != nil {
		return Counts{}, err
	}
	due := len(q.delayed.entries)
	if q.counters.delayed > uint64(due) {
		n, err := q.delayed.countDue(tx, q, tx.Now())
		if err != nil {
			return Counts{}, err
		}
		due += n
	}
	lagging, err := q.countLagging(tx)
	if err != nil {
		return Counts{}, err
	}
	c := Counts{InFlight: q.flight.len(), Delayed: max(0, int(q.counters.delayed)-due) + lagging}
	c.Ready = max(0, int(q.counters.total)-c.InFlight-c.Delayed)
	return c, nil
}

func micros(t time.Time) uint64 { return uint64(t.UnixMicro()) }
