package store

import "time"

// clock is the wall clock, but never goes back: when the wall clock is set back,
// it goes on from where it was at the same pace, until the process starts again.
// Of one goroutine.
type clock struct {
	last time.Time // what was told last
	read time.Time // when that was, on the monotonic clock
}

func (c *clock) now() time.Time {
	read := time.Now()
	now := read.Round(0).UTC()
	if now.Before(c.last) {
		now = c.last.Add(max(0, read.Sub(c.read)))
	}
	c.last, c.read = now, read
	return now
}
