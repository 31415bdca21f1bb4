package audit

import (
	"time"

	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/timer"
)

// memory of the log of a shard: where its chain ends, and the segment that grows.
type memory struct {
	state
	bytes    uint64 // of all segments
	segments int
	current  *segment // the newest; nil: there is none

	grown   []*segment // to be written at the end of the group
	dirty   bool       // and the state
	log     *Log       // whose key signs it
	scratch []byte
}

// A segment ends when one of these is reached: so little more than the limits is
// ever kept, and there are few of them to count.
const (
	segmentEntries = 1000
	segmentBytes   = 1 << 20
	segmentFor     = time.Hour
)

var cell = store.NewCell(func(tx *store.Tx) (*memory, error) {
	m := &memory{}
	var err error
	if m.state, _, err = readState(tx); err != nil {
		return nil, err
	}
	if m.next == 0 {
		m.next, m.floor = 1, 1
	}
	var bad error
	err = tx.Scan(allSegments[0], allSegments[1], func(k, v []byte) bool {
		s := &segment{}
		bad = s.decode(k, v)
		m.bytes += s.bytes
		m.segments++
		m.current = s
		return bad == nil
	})
	if err == nil {
		err = bad
	}
	return m, err
})

// grow counts an entry that was written.
func (m *memory) grow(now time.Time, bytes uint64, link Link) {
	s := m.current
	if s == nil || s.entries >= segmentEntries || s.bytes >= segmentBytes || now.Sub(s.firstAt) >= segmentFor || now.Before(s.firstAt) {
		s = &segment{first: m.next, firstAt: now}
		m.current = s
		m.segments++
	}
	s.entries++
	s.bytes += bytes
	s.lastAt, s.last = now, link
	m.bytes += bytes
	m.next++
	m.last = link
	if n := len(m.grown); n == 0 || m.grown[n-1] != s {
		m.grown = append(m.grown, s)
	}
}

// touch has what has changed written at the end of the group.
func (m *memory) touch(tx *store.Tx, l *Log) {
	if m.dirty {
		return
	}
	m.dirty, m.log = true, l
	tx.BeforeCommit(m)
}

// Flush implements store.Flusher.
func (m *memory) Flush(tx *store.Tx) error {
	m.dirty = false
	if err := m.count(tx); err != nil {
		return err
	}
	if err := m.arrange(tx); err != nil {
		return err
	}
	return tx.Set([]byte(stateKey), m.encode(&m.log.key))
}

// count writes the segments that have grown.
func (m *memory) count(tx *store.Tx) error {
	for _, s := range m.grown {
		if err := tx.Set(segmentKey(s.first), s.encode()); err != nil {
			return err
		}
	}
	m.grown = m.grown[:0]
	return nil
}

// arrange sets the timer that the log needs now.
func (m *memory) arrange(tx *store.Tx) error {
	switch l := m.log; {
	case m.segments == 0, !l.On():
	case m.bytes > l.maxBytes && m.segments > 1 && m.sweepAt.After(tx.Now()):
		return m.sweepNext(tx, tx.Now())
	case m.sweepAt.IsZero(), m.sweepAt.After(tx.Now().Add(2 * l.every())): // the latter by a clock that was ahead
		return m.sweepNext(tx, tx.Now().Add(l.every()))
	}
	return nil
}

// sweepNext moves the timer, zero for none. Somebody writes the state.
func (m *memory) sweepNext(tx *store.Tx, at time.Time) error {
	if !m.sweepAt.IsZero() && !m.sweepAt.Equal(at) {
		if err := timer.Cancel(tx, timer.AuditSweep, m.sweepAt, nil); err != nil {
			return err
		}
	}
	m.sweepAt = at
	if at.IsZero() {
		return nil
	}
	return timer.Set(tx, timer.AuditSweep, at, nil)
}
