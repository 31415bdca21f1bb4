package trail

import (
	"time"

	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/timer"
)

// memory of the trail of a shard. Buckets that were written to are kept here and
// written once for each group of transactions.
type memory struct {
	state
	bytes   uint64 // of all buckets
	buckets map[uint32]*bucket
	last    *bucket   // the one that was asked for last, as the next will be
	dirty   []*bucket // to be written at the end of the group

	registered bool // for the end of the group

	noted     map[noted]bool
	notedHour uint32
	hurried   uint32 // the newest bucket when the trail was found too large last

	scratch, key []byte
}

// maxBuckets bounds the buckets in memory: the latest, and those of old events
// that are being tried again.
const maxBuckets = 64

var cell = store.NewCell(func(tx *store.Tx) (*memory, error) {
	m := &memory{buckets: map[uint32]*bucket{}, noted: map[noted]bool{}}
	var err error
	if m.state, err = readState(tx); err != nil {
		return nil, err
	}
	var bad error
	err = tx.Scan(allBuckets[0], allBuckets[1], func(k, v []byte) bool {
		var b bucket
		bad = b.decode(k, v)
		m.bytes += b.bytes
		return bad == nil
	})
	if err == nil {
		err = bad
	}
	return m, err
})

// open is the bucket of that number.
func (m *memory) open(tx *store.Tx, number uint32) (*bucket, error) {
	if m.last != nil && m.last.number == number {
		return m.last, nil
	}
	b := m.buckets[number]
	if b == nil {
		b = &bucket{number: number}
		k := bucketKey(number)
		v, found, err := tx.Get(k)
		if err != nil {
			return nil, err
		}
		if found {
			if err := b.decode(k, v); err != nil {
				return nil, err
			}
		}
		m.buckets[number] = b
	}
	m.last = b
	return b, nil
}

// next is the number of the next entry.
func (b *bucket) next() uint32 {
	b.entries++
	return uint32(b.entries)
}

func (b *bucket) add(bytes int) { b.grown += uint64(bytes) }

// touch has a bucket that has grown written at the end of the group.
func (m *memory) touch(tx *store.Tx, b *bucket) {
	b.bytes += b.grown
	m.bytes += b.grown
	b.grown = 0
	if b.dirty {
		return
	}
	b.dirty = true
	m.dirty = append(m.dirty, b)
	if !m.registered {
		m.registered = true
		tx.BeforeCommit(m)
	}
}

// Flush implements store.Flusher.
func (m *memory) Flush(tx *store.Tx) error {
	m.registered = false
	if err := m.write(tx); err != nil {
		return err
	}
	if len(m.buckets) > maxBuckets {
		clear(m.buckets)
		m.last = nil
	}
	return nil
}

// write writes the buckets that have grown.
func (m *memory) write(tx *store.Tx) error {
	for _, b := range m.dirty {
		b.dirty = false
		if err := tx.Set(bucketKey(b.number), b.encode()); err != nil {
			return err
		}
	}
	m.dirty = m.dirty[:0]
	return nil
}

// arrange sets the timer that the trail needs now.
func (t *Trail) arrange(tx *store.Tx, m *memory) error {
	switch {
	case m.bytes > t.maxBytes && m.last != nil && m.hurried < m.last.number:
		m.hurried = m.last.number // once for each bucket: the newest is not removed
		return m.sweepNext(tx, tx.Now())
	case m.sweepAt.IsZero():
		return m.sweepNext(tx, tx.Now().Add(t.every()))
	}
	return nil
}

// sweepNext moves the timer, zero for none, and writes the state.
func (m *memory) sweepNext(tx *store.Tx, at time.Time) error {
	if !m.sweepAt.IsZero() && !m.sweepAt.Equal(at) {
		if err := timer.Cancel(tx, timer.TrailSweep, m.sweepAt, nil); err != nil {
			return err
		}
	}
	m.sweepAt = at
	if !at.IsZero() {
		if err := timer.Set(tx, timer.TrailSweep, at, nil); err != nil {
			return err
		}
	}
	return tx.Set([]byte(stateKey), m.state.encode())
}
