package trail

import (
	"crypto/sha256"
	"encoding/binary"
	"time"

	"github.com/google/uuid"
)

// ID is an event's id, read.
type ID struct {
	text  string
	milli int64    // of a UUID of version 7; else -1
	tail  [10]byte // of a UUID all but the time; else of a hash
}

// ReadID reads an event's id, whatever it is. It may run on any goroutine, and
// spares the shard's writer.
func ReadID(text string) ID {
	id := ID{text: text, milli: -1}
	u, err := uuid.Parse(text)
	if err != nil || len(text) != 36 {
		sum := sha256.Sum256([]byte(text))
		copy(id.tail[:], sum[:])
		return id
	}
	copy(id.tail[:], u[6:])
	if u.Version() == 7 {
		id.milli = place(u).milli()
	}
	return id
}

func (id *ID) String() string { return id.text }

// place is where an event's entries lie, for one time that it was accepted:
//
//	{milliseconds since 1970, 6 bytes}{tail of the id, 10 bytes}
//
// which is the id of an event whose id is of about that time.
type place [16]byte

// aboutFor is how far an event's id may be from its acceptance for both to be
// one time.
const aboutFor = time.Minute

// place is where an event lies that was accepted at that time.
func (id *ID) place(acceptedAt time.Time) (p place) {
	at := acceptedAt.UnixMilli()
	if off := id.milli - at; id.milli >= 0 && off <= aboutFor.Milliseconds() && off >= -aboutFor.Milliseconds() {
		at = id.milli
	}
	p = placeAt(at)
	copy(p[6:], id.tail[:])
	return p
}

// placeAt is the first place of that time.
func placeAt(milli int64) (p place) {
	binary.BigEndian.PutUint64(p[:], uint64(milli)<<16)
	return p
}

func (p place) milli() int64 { return int64(binary.BigEndian.Uint64(p[:]) >> 16) }

// Places are counted, and removed, by buckets of bucketFor; what is known of
// rules, and the index, lie by hours.
const (
	bucketFor     = 10 * time.Second
	bucketsAnHour = uint32(time.Hour / bucketFor)
)

func (p place) bucket() uint32 { return bucketAt(p.milli()) }

func bucketAt(milli int64) uint32 { return uint32(max(milli, 0) / bucketFor.Milliseconds()) }

func startOf(bucket uint32) place { return placeAt(int64(bucket) * bucketFor.Milliseconds()) }

func hourOf(bucket uint32) uint32 { return bucket / bucketsAnHour }
