package delivery

import "crypto/sha256"

// KeyOf is the key of the delivery of an event to a target of a source: a UUID
// of version 8, made from their names, so that whoever knows the names knows the
// key.
func KeyOf(event, source, target string) Key {
	var in [512]byte
	b := append(append(append(append(append(in[:0], event...), 0), source...), 0), target...)
	sum := sha256.Sum256(b)
	sum[6], sum[8] = sum[6]&0x0f|0x80, sum[8]&0x3f|0x80
	return Key(sum[:16])
}
