package trail

import (
	"time"

	"github.com/carillon-events/carillon/internal/store"
)

// sweepStep bounds the buckets that one step removes: two hours of them.
const sweepStep = 720

// every is how often the trail looks for what is too old.
func (t *Trail) every() time.Duration {
	return min(max(t.keepFor/10, time.Second), time.Minute)
}

// Sweep is the handler of timer.TrailSweep: it removes what is too old, and the
// oldest of what is too much; of a trail that is turned off, all.
func (t *Trail) Sweep(tx *store.Tx, at time.Time, _ []byte) error {
	m, err := cell.In(tx)
	if err != nil || !m.sweepAt.Equal(at) {
		return err
	}
	if err := m.write(tx); err != nil { // so that the keys say all
		return err
	}
	old := bucketAt(tx.Now().Add(-t.keepFor).UnixMilli())
	newest := bucketAt(tx.Now().UnixMilli()) // is only removed with all
	if !t.On() {
		old = bucketAt(tx.Now().Add(2*aboutFor).UnixMilli()) + 1
	}
	floor, freed, more, err := t.plan(tx, m, old, newest)
	if err != nil {
		return err
	}
	if floor > m.floor {
		if err := m.remove(tx, floor, freed); err != nil {
			return err
		}
	}
	next := tx.Now().Add(t.every())
	switch {
	case more:
		next = tx.Now()
	case !t.On(), m.bytes == 0:
		next = time.Time{}
	}
	return m.sweepNext(tx, next)
}

// plan finds the floor that the next step raises the trail to, and how many
// bytes are below.
func (t *Trail) plan(tx *store.Tx, m *memory, old, newest uint32) (floor uint32, freed uint64, more bool, err error) {
	floor, looks := m.floor, 0
	var bad error
	err = tx.Scan(bucketKey(m.floor), allBuckets[1], func(k, v []byte) bool {
		var b bucket
		if bad = b.decode(k, v); bad != nil {
			return false
		}
		if b.number >= old && (b.number >= newest || m.bytes-freed <= t.maxBytes) {
			return false
		}
		if more = looks == sweepStep; more {
			return false
		}
		looks++
		freed += b.bytes
		floor = b.number + 1
		return true
	})
	if err == nil {
		err = bad
	}
	return floor, freed, more, err
}

// remove removes all that is below the floor.
func (m *memory) remove(tx *store.Tx, floor uint32, freed uint64) error {
	m.bytes -= min(freed, m.bytes)
	lastHour := hourOf(floor)
	if m.bytes == 0 { // nobody needs what is left of the hour
		lastHour = ^uint32(0)
		clear(m.noted)
	}
	for _, r := range [...][2][]byte{
		{entryPrefix(startOf(m.floor)), entryPrefix(startOf(floor))},
		{bucketKey(m.floor), bucketKey(floor)},
		{byHour(ruleSpace, hourOf(m.floor)), byHour(ruleSpace, lastHour)},
		{byHour(indexSpace, hourOf(m.floor)), byHour(indexSpace, lastHour)},
	} {
		if string(r[0]) >= string(r[1]) {
			continue
		}
		if err := tx.DeleteRange(r[0], r[1]); err != nil {
			return err
		}
	}
	for number := range m.buckets {
		if number < floor {
			delete(m.buckets, number)
		}
	}
	if m.last != nil && m.last.number < floor {
		m.last = nil
	}
	m.floor = floor
	return nil
}
