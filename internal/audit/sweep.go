package audit

import (
	"time"

	"github.com/carillon-events/carillon/internal/store"
)

// sweepStep bounds the segments that one step removes.
const sweepStep = 500

// every is how often the log looks for what is too old.
func (l *Log) every() time.Duration {
	return min(max(l.keepFor/10, time.Second), time.Minute)
}

// Sweep is the handler of timer.AuditSweep: it removes what is too old, and the
// oldest of what is too much. Of a log that is turned off it removes nothing: a
// setting must not destroy what is evidence.
func (l *Log) Sweep(tx *store.Tx, at time.Time, _ []byte) error {
	m, err := cell.In(tx)
	if err != nil || !m.sweepAt.Equal(at) {
		return err
	}
	m.touch(tx, l)
	if !l.On() {
		return m.sweepNext(tx, time.Time{})
	}
	if err := m.count(tx); err != nil { // so that the keys say all
		return err
	}
	next := tx.Now().Add(l.every())
	more, err := l.drop(tx, m)
	if err != nil {
		return err
	}
	switch {
	case more:
		next = tx.Now()
	case m.segments == 0:
		next = time.Time{}
	}
	return m.sweepNext(tx, next)
}

// drop removes segments from the front; more: it could go on. What was recorded by
// a clock that was ahead is too old later than it should be, and keeps what is
// behind it as long: it goes when it is too much.
func (l *Log) drop(tx *store.Tx, m *memory) (more bool, err error) {
	old := tx.Now().Add(-l.keepFor)
	var gone []segment
	var bad error
	left := m.bytes
	err = tx.Scan(allSegments[0], allSegments[1], func(k, v []byte) bool {
		var s segment
		if bad = s.decode(k, v); bad != nil {
			return false
		}
		newest := m.current == nil || s.first >= m.current.first
		if s.lastAt.After(old) && (newest || left <= l.maxBytes) {
			return false
		}
		if more = len(gone) == sweepStep; more {
			return false
		}
		gone = append(gone, s)
		left -= min(s.bytes, left)
		return true
	})
	if err == nil {
		err = bad
	}
	if err != nil || len(gone) == 0 {
		return false, err
	}
	return more, m.remove(tx, gone, left)
}

// remove removes these segments, the first ones, and moves the anchor to the last
// of their entries.
func (m *memory) remove(tx *store.Tx, gone []segment, left uint64) error {
	end := gone[len(gone)-1]
	floor := end.first + end.entries
	if err := tx.DeleteRange(entryKey(m.floor), entryKey(floor)); err != nil {
		return err
	}
	if err := tx.DeleteRange(segmentKey(m.floor), segmentKey(floor)); err != nil {
		return err
	}
	m.floor, m.anchor, m.bytes = floor, end.last, left
	m.segments -= len(gone)
	if m.current != nil && m.current.first < floor {
		m.current = nil
	}
	return nil
}
