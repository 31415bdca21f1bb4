package archive

import (
	"time"

	"github.com/carillon-events/carillon/internal/store"
)

// An archive with a retention is swept every sweepEvery, in steps of at most
// sweepStep events, none behind the sweepBytes-th byte.
const (
	sweepEvery = time.Hour
	sweepStep  = 1000
	sweepBytes = 4 << 20
)

// Sweep is the handler of timer.ArchiveSweep: it removes events whose time is
// longer ago than the archive keeps them.
func Sweep(tx *store.Tx, at time.Time, ref []byte) error {
	n, ok := nameOf(ref)
	if !ok {
		return nil
	}
	rec, found, err := get(tx, n)
	if err != nil || !found || !rec.SweepAt.Equal(at) {
		return err
	}
	before := tx.Now().AddDate(0, 0, -rec.Settings.RetentionDays).Unix()
	swept, err := findOld(tx, rec.Number, before)
	if err != nil {
		return err
	}
	rec.SweepAt = tx.Now().Add(sweepEvery)
	if swept.events > 0 {
		if err := remove(tx, rec.Number, swept); err != nil {
			return err
		}
		if swept.more {
			rec.SweepAt = tx.Now() // there may be more
		}
	}
	return rec.save(tx, n)
}

// old is the first events of an archive.
type old struct {
	events, bytes uint64
	end           []byte // the key after the last
	more          bool   // there may be others
}

func findOld(tx *store.Tx, number uint64, before int64) (o old, err error) {
	scanErr := tx.Scan(eventPrefix(number), eventKey(number, place{before, 0}), func(k, v []byte) bool {
		e, bad := decodeEvent(v)
		if bad != nil {
			err = bad
			return false
		}
		o.events++
		o.bytes += uint64(len(e.Envelope))
		if o.more = o.events == sweepStep || o.bytes >= sweepBytes; o.more {
			o.end = append(append(o.end, k...), 0)
		}
		return !o.more
	})
	if o.end == nil {
		o.end = eventKey(number, place{before, 0})
	}
	if scanErr != nil {
		return o, scanErr
	}
	return o, err
}

func remove(tx *store.Tx, number uint64, o old) error {
	m, err := memory.In(tx)
	if err != nil {
		return err
	}
	c, err := m.open(tx, number)
	if err != nil {
		return err
	}
	if err := tx.DeleteRange(eventPrefix(number), o.end); err != nil {
		return err
	}
	c.events -= o.events
	c.bytes -= o.bytes
	c.touch(tx)
	return nil
}
