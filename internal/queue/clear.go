package queue

import (
	"encoding/binary"
	"fmt"
	"time"

	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/timer"
)

// Purging and deleting a queue costs a few range deletions, however much it
// holds. Records that may share their bodies have to be looked at, though, to
// let go of those. They stay as leftovers, which no cursor and no receipt leads
// to (they lie below counters.expireFrom, or the queue is gone), and a timer of
// kind QueueClear goes over them step by step.

// leftoverStep is how many records one step looks at.
var leftoverStep = 1000

// leftovers are records of a queue: those of a space with from <= seq < upTo.
//
//	{queue u64}{space u8}{from u64}{upTo u64}    the timer's ref
type leftovers struct {
	queue      uint64
	space      byte
	from, upTo uint64
}

const leftoversSize = 8 + 1 + 8 + 8

func (l leftovers) ref() []byte {
	b := append(binary.BigEndian.AppendUint64(nil, l.queue), l.space)
	return binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(b, l.from), l.upTo)
}

// clearRecords deletes all records but those that may share their bodies, which
// a timer deletes.
func (q *Queue) clearRecords(tx *store.Tx, space byte) error {
	c := &q.counters
	lo, hi := spaceOf(space, q.id)
	if c.sharedTo > 0 {
		// Below expireFrom are the leftovers of an earlier time, or nothing.
		var k key
		lo = append([]byte(nil), k.seq(space, q.id, max(c.expireFrom, c.sharedTo+1))...)
	}
	if err := tx.DeleteRange(lo, hi); err != nil || c.sharedTo < c.expireFrom {
		return err
	}
	return timer.Set(tx, timer.QueueClear, tx.Now(), leftovers{q.id, space, c.expireFrom, c.sharedTo + 1}.ref())
}

// DropLeftovers is the handler of timer.QueueClear.
func DropLeftovers(tx *store.Tx, _ time.Time, ref []byte) error {
	if len(ref) != leftoversSize {
		return fmt.Errorf("queue: leftovers of %x", ref)
	}
	l := leftovers{u64at(ref, 0), ref[8], u64at(ref, 9), u64at(ref, 17)}
	n := 0
	refs := map[uint64]uint64{}
	var order []uint64 // of refs, since the same steps have to write the same
	var lo, hi key
	err := tx.Scan(lo.seq(l.space, l.queue, l.from), hi.seq(l.space, l.queue, l.upTo), func(k, v []byte) bool {
		var m Message
		if decodeRecord(v, &m) == nil && m.shared.block != 0 {
			if refs[m.shared.block]++; refs[m.shared.block] == 1 {
				order = append(order, m.shared.block)
			}
		}
		n++
		l.from = u64at(k, 9) + 1
		return n < leftoverStep
	})
	if err != nil {
		return fmt.Errorf("delete what is left of queue %d: %w", l.queue, err)
	}
	if n == 0 {
		return nil
	}
	if err := tx.DeleteRange(lo.seq(l.space, l.queue, u64at(ref, 9)), hi.seq(l.space, l.queue, l.from)); err != nil {
		return err
	}
	for _, block := range order {
		if err := releaseBody(tx, block, refs[block]); err != nil {
			return err
		}
	}
	if n < leftoverStep {
		return nil
	}
	return timer.Set(tx, timer.QueueClear, tx.Now(), l.ref())
}

// releaseBody takes n references to bodies of a block away; block 0 is none.
func releaseBody(tx *store.Tx, block, n uint64) error {
	if block == 0 {
		return nil
	}
	b, err := blocksOf.In(tx)
	if err != nil {
		return err
	}
	return b.release(tx, block, n)
}
