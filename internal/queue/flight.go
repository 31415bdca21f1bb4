package queue

import (
	"container/heap"
	"encoding/binary"
	"fmt"
	"time"

	"github.com/carillon-events/carillon/internal/store"
)

// state is what receiving a message left behind. As the value of L and I:
//
//	{version=1 u8}{flags u8}{receives u32}{first received i64}{last received i64}{group}
//
// Instants are microseconds. flags: bit 0, the record is under M. group is the rest, empty where the message
// has none. Version 2 has {block u64} before the group: the body is shared, in that block. So a message in
// flight can be deleted without reading its record.
type state struct {
	indexed  bool // the record is under M, not B
	receives uint32
	firstAt  time.Time
	lastAt   time.Time
	group    string
	block    uint64 // of the shared body; 0: none, or the record was not read yet
}

const stateSize = 22

// maxState is the size of the largest state.
const maxState = stateSize + 8 + 128

func (s state) encode(b []byte) []byte {
	flags := byte(0)
	if s.indexed {
		flags = 1
	}
	b = append(b, 1, flags)
	b = binary.BigEndian.AppendUint32(b, s.receives)
	b = binary.BigEndian.AppendUint64(b, uint64(s.firstAt.UnixMicro()))
	b = binary.BigEndian.AppendUint64(b, uint64(s.lastAt.UnixMicro()))
	if s.block != 0 {
		b[len(b)-stateSize] = 2
		b = binary.BigEndian.AppendUint64(b, s.block)
	}
	return append(b, s.group...)
}

func decodeState(b []byte) (state, error) {
	if len(b) < stateSize || b[0] != 1 && (b[0] != 2 || len(b) < stateSize+8) {
		return state{}, fmt.Errorf("queue: receive state of %d bytes", len(b))
	}
	s := state{indexed: b[1]&1 != 0, receives: binary.BigEndian.Uint32(b[2:]), firstAt: timeAt(b, 6), lastAt: timeAt(b, 14)}
	rest := b[stateSize:]
	if b[0] == 2 {
		s.block, rest = u64at(rest, 0), rest[8:]
	}
	s.group = string(rest)
	return s, nil
}

// bodyKey is where the message's record is.
func (s state) bodyKey(k *key, queue, seq uint64) []byte {
	if s.indexed {
		return k.seq(store.SpaceQueueMessage, queue, seq)
	}
	return k.seq(store.SpaceQueueBody, queue, seq)
}

// airborne is a message in flight.
type airborne struct {
	state
	seq      uint64
	deadline time.Time
	index    int  // in the heap
	changed  bool // by its receiver: the attempt that got it cannot be repeated
}

// flight is everything in flight: by seq, and by deadline.
type flight struct {
	loaded bool
	bySeq  map[uint64]*airborne
	order  deadlines
}

func (f *flight) len() int { return len(f.order) }

func (f *flight) next() (time.Time, bool) {
	if len(f.order) == 0 {
		return time.Time{}, false
	}
	return f.order[0].deadline, true
}

// before is now, or the last instant before the first flight ends: up to there,
// L has nothing that is in flight.
func (f *flight) before(now time.Time) time.Time {
	if at, ok := f.next(); ok && !at.After(now) {
		return at.Add(-time.Microsecond)
	}
	return now
}

func (f *flight) add(a *airborne) {
	if f.bySeq == nil {
		f.bySeq = map[uint64]*airborne{}
	}
	f.bySeq[a.seq] = a
	heap.Push(&f.order, a)
}

func (f *flight) remove(a *airborne) {
	delete(f.bySeq, a.seq)
	heap.Remove(&f.order, a.index)
}

type deadlines []*airborne

func (d deadlines) Len() int { return len(d) }
func (d deadlines) Less(i, j int) bool {
	if d[i].deadline.Equal(d[j].deadline) {
		return d[i].seq < d[j].seq
	}
	return d[i].deadline.Before(d[j].deadline)
}
func (d deadlines) Swap(i, j int) {
	d[i], d[j] = d[j], d[i]
	d[i].index, d[j].index = i, j
}
func (d *deadlines) Push(x any) {
	a := x.(*airborne)
	a.index = len(*d)
	*d = append(*d, a)
}
func (d *deadlines) Pop() any {
	old := *d
	a := old[len(old)-1]
	old[len(old)-1] = nil
	*d = old[:len(old)-1]
	return a
}

// load reads what was in flight when the store was opened. A FIFO queue also
// reads what came back since, as it locks groups.
func (q *Queue) load(tx *store.Tx) error {
	if q.flight.loaded {
		return nil
	}
	from := tx.Now().Add(1)
	if q.settings.Config.FIFO {
		from = time.UnixMicro(int64(q.counters.laterFrom))
	}
	var lo, hi key
	var failed error
	err := tx.Scan(lo.start(store.SpaceQueueLater, q.id).at(from).bytes(), hi.start(store.SpaceQueueLater, q.id+1).bytes(),
		func(k, v []byte) bool {
			a := &airborne{deadline: timeAt(k, 9), seq: u64at(k, 17)}
			if a.state, failed = decodeState(v); failed != nil {
				return false
			}
			q.flight.add(a)
			if a.group != "" {
				q.groups.hold(q, a.group, 0) // the line was not looked at
			}
			return true
		})
	if err == nil {
		err = failed
	}
	if err != nil {
		return fmt.Errorf("load what is in flight in %s: %w", q.name.Name, err)
	}
	q.flight.loaded = true
	return nil
}

// maxSettled bounds what one call moves out of flight; who waits is woken for
// the rest.
const maxSettled = 2000

// settle does what time has brought about: it moves messages whose visibility
// timeout has ended out of flight, and delayed ones that are due into place.
func (q *Queue) settle(tx *store.Tx) error {
	if err := q.load(tx); err != nil {
		return err
	}
	for n := 0; n < maxSettled && len(q.flight.order) > 0 && !q.flight.order[0].deadline.After(tx.Now()); n++ {
		a := q.flight.order[0]
		if a.group != "" {
			if err := q.comeBack(tx, a); err != nil {
				return err
			}
		} else {
			q.returned.more = true
		}
		q.flight.remove(a)
		if a.group != "" {
			if err := q.release(tx, a.group); err != nil {
				return err
			}
		}
	}
	if err := q.settleDelayed(tx); err != nil {
		return err
	}
	tx.Keep() // true whatever becomes of the call that found it out
	return nil
}

// takeOff puts a message in flight, in memory and under L.
func (q *Queue) takeOff(tx *store.Tx, seq uint64, s state, hideFor time.Duration) error {
	a := &airborne{state: s, seq: seq, deadline: q.returned.beyond(tx.Now().Add(hideFor))}
	var k key
	var v [maxState]byte
	if err := tx.Set(k.later(store.SpaceQueueLater, q.id, a.deadline, seq), s.encode(v[:0])); err != nil {
		return err
	}
	q.flight.add(a)
	return nil
}

// land takes a message out of flight, in memory and under L.
func (q *Queue) land(tx *store.Tx, a *airborne) error {
	q.flight.remove(a)
	var k key
	return tx.Delete(k.later(store.SpaceQueueLater, q.id, a.deadline, a.seq))
}
