package event

import (
	"encoding/binary"
	"encoding/hex"
	"math/rand/v2"
	"sync/atomic"
	"time"
)

// lastTick is of the last id: what its first 60 bits hold besides the version,
// which is time in units of 1/4096 ms.
var lastTick atomic.Uint64

// maxAhead is how far ids may run ahead of the clock, to be in order though it
// went back or many are made at once.
const maxAhead = 1000 << 12

// tick is a time that no other id has, after those of all ids before.
func tick(now time.Time) uint64 {
	at := uint64(now.UnixMilli())<<12 | uint64(now.Nanosecond()%int(time.Millisecond))<<12/uint64(time.Millisecond)
	for {
		last := lastTick.Load()
		next := at
		if last >= at && last-at < maxAhead {
			next = last + 1
		}
		if lastTick.CompareAndSwap(last, next) {
			return next
		}
	}
}

// NewID is an id for an event that comes in now: a UUID of version 7, whose time
// is where the trail looks for the event, so that it needs no index. The rest is
// from the runtime's generator, which is ChaCha8, seeded by the operating system,
// and takes no lock.
func NewID(now time.Time) string {
	var id [16]byte
	t := tick(now)
	binary.BigEndian.PutUint64(id[:], t>>12<<16|t&0x0fff)
	binary.BigEndian.PutUint64(id[8:], rand.Uint64())
	id[6], id[8] = id[6]&0x0f|0x70, id[8]&0x3f|0x80
	var text [36]byte
	hex.Encode(text[:8], id[:4])
	hex.Encode(text[9:], id[4:6])
	hex.Encode(text[14:], id[6:8])
	hex.Encode(text[19:], id[8:10])
	hex.Encode(text[24:], id[10:])
	text[8], text[13], text[18], text[23] = '-', '-', '-', '-'
	return string(text[:])
}
