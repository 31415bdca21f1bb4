package sqs

import (
	"encoding/binary"
	"encoding/hex"
	"math/rand/v2"
)

// newID is a random UUID. The runtime's own generator is ChaCha8, seeded by the
// operating system and kept per thread: unpredictable, and without a lock.
func newID() (id [16]byte) {
	binary.LittleEndian.PutUint64(id[:8], rand.Uint64())
	binary.LittleEndian.PutUint64(id[8:], rand.Uint64())
	id[6] = id[6]&0x0f | 0x40
	id[8] = id[8]&0x3f | 0x80
	return id
}

const idText = 36

// appendID appends the usual text of a UUID.
func appendID(dst []byte, id [16]byte) []byte {
	dst = hex.AppendEncode(dst, id[:4])
	for _, part := range [...][]byte{id[4:6], id[6:8], id[8:10], id[10:]} {
		dst = hex.AppendEncode(append(dst, '-'), part)
	}
	return dst
}
