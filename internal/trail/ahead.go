package trail

import (
	"time"

	"github.com/carillon-events/carillon/internal/store"
)

// The store's time never goes back while the process runs, but a machine whose
// clock was ahead may be set right before the next start. What was recorded by the
// wrong clock then lies in the future: it is not too old for a long time, the
// timer would not fire, and the floor may be above everything that is accepted
// from now on.

// latest is the last bucket that anything accepted until now can be in.
func latest(now time.Time) uint32 { return bucketAt(now.Add(aboutFor).UnixMilli()) }

// comeDown lowers a floor to which nothing that was accepted until now can have
// raised it. There is nothing below the old one, so the new one is as true.
func (m *memory) comeDown(tx *store.Tx) error {
	if m.floor <= latest(tx.Now())+1 {
		return nil
	}
	m.floor = bucketAt(tx.Now().Add(-aboutFor).UnixMilli())
	clear(m.noted) // descriptions of rules were removed, too
	return tx.Set([]byte(stateKey), m.state.encode())
}

// dropAhead removes what lies in the future: it takes room from what happens now,
// and a sweep, which makes room from the front, would come to it last.
func (m *memory) dropAhead(tx *store.Tx) error {
	from := latest(tx.Now()) + 1
	var freed uint64
	var bad error
	err := tx.Scan(bucketKey(from), allBuckets[1], func(k, v []byte) bool {
		var b bucket
		bad = b.decode(k, v)
		freed += b.bytes
		return bad == nil
	})
	if err == nil {
		err = bad
	}
	if err != nil || freed == 0 {
		return err
	}
	m.bytes -= min(freed, m.bytes)
	m.forget(from, ^uint32(0))
	clear(m.noted)
	for _, r := range [...][2][]byte{
		{entryPrefix(startOf(from)), store.PrefixEnd([]byte(entrySpace))},
		{bucketKey(from), allBuckets[1]},
		{byHour(ruleSpace, hourOf(from)+1), store.PrefixEnd([]byte(ruleSpace))},
		{byHour(indexSpace, hourOf(from)+1), store.PrefixEnd([]byte(indexSpace))},
	} {
		if err := tx.DeleteRange(r[0], r[1]); err != nil {
			return err
		}
	}
	return nil
}

// forget drops the buckets in memory from one up to, not with, another.
func (m *memory) forget(from, upTo uint32) {
	for number := range m.buckets {
		if number >= from && number < upTo {
			delete(m.buckets, number)
		}
	}
	if m.last != nil && m.last.number >= from && m.last.number < upTo {
		m.last = nil
	}
}
