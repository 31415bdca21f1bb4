package queue

import (
	"encoding/binary"
	"time"

	"github.com/carillon-events/carillon/internal/store"
)

// Keys, after the shard's prefix; integers are big endian, instants are
// microseconds since 1970:
//
//	Q{queue u64}                              settings, JSON
//	q{queue u64}                              counters (counters.go)
//	B{queue u64}{seq u64}                     record (record.go), fresh
//	M{queue u64}{seq u64}                     record, reached by an index
//	D{queue u64}{due i64}{seq u64}            -
//	L{queue u64}{deadline i64}{seq u64}       receive state (flight.go)
//	I{queue u64}{seq u64}                     receive state of a grouped message that came back
//	G{queue u64}{len u8}{group}{ticket u64}   {seq u64}; nothing where it is the ticket and the message was never received
//	H{queue u64}{tag u64}{from u64}{group}    -
//	V{queue u64}{group}                       {tag u64}{from u64}: the group has that H key
//	X{queue u64}{bucket u32}{len u8}{group}{id}  {seq u64}{message id 16}{at i64}
//	Y{task u64}                               move task, JSON
//	Z{account}/{region}/{name}                {deleted at i64}
//
// key is scratch for one of them; the largest is X: 1+8+4+1+128+128.
type key struct {
	b [320]byte
	n int
}

func (k *key) start(space byte, queue uint64) *key {
	k.b[0] = space
	binary.BigEndian.PutUint64(k.b[1:], queue)
	k.n = 9
	return k
}

func (k *key) u64(v uint64) *key {
	binary.BigEndian.PutUint64(k.b[k.n:], v)
	k.n += 8
	return k
}

func (k *key) at(t time.Time) *key { return k.u64(uint64(t.UnixMicro())) }

func (k *key) text(s string) *key {
	k.n += copy(k.b[k.n:], s)
	return k
}

func (k *key) short(s string) *key {
	k.b[k.n] = byte(len(s))
	k.n++
	return k.text(s)
}

func (k *key) bytes() []byte { return k.b[:k.n] }

func (k *key) seq(space byte, queue, seq uint64) []byte {
	return k.start(space, queue).u64(seq).bytes()
}

func (k *key) later(space byte, queue uint64, at time.Time, seq uint64) []byte {
	return k.start(space, queue).at(at).u64(seq).bytes()
}

func (k *key) group(queue uint64, group string, seq uint64) []byte {
	return k.start(store.SpaceQueueGroup, queue).short(group).u64(seq).bytes()
}

func (k *key) head(queue uint64, h head) []byte {
	return k.start(store.SpaceQueueHead, queue).u64(h.tag).u64(h.from).text(h.group).bytes()
}

func (k *key) active(queue uint64, group string) []byte {
	return k.start(store.SpaceQueueActive, queue).text(group).bytes()
}

// after is the smallest key greater than b.
func after(b []byte) []byte { return append(append(make([]byte, 0, len(b)+1), b...), 0) }

// spaceOf is the range of a queue's keys in one space.
func spaceOf(space byte, queue uint64) (lo, hi []byte) {
	var a, b key
	lo = append([]byte(nil), a.start(space, queue).bytes()...)
	hi = append([]byte(nil), b.start(space, queue+1).bytes()...)
	return lo, hi
}

func u64at(b []byte, i int) uint64 { return binary.BigEndian.Uint64(b[i:]) }

func timeAt(b []byte, i int) time.Time { return time.UnixMicro(int64(u64at(b, i))).UTC() }
