package store

import "github.com/cockroachdb/pebble/v2/vfs"

// youngLog writes zeros ahead of what a log file holds.
//
// A file that grows with every write has every sync write its size too, which
// takes half as long again. Pebble writes over its old logs after a while, but
// a young store has none. Readers of a log stop at zeros as they do at what is
// left of an old log. Where writes are large nothing is done: their syncs take
// long anyway, and the zeros would be as much again.
type youngLog struct {
	at     int64 // the next write
	zeroed int64
}

const smallWrite = 16 << 10

var zeros [128 << 10]byte

// wrote is called behind every write, of n bytes.
func (y *youngLog) wrote(f vfs.File, n int) {
	y.at += int64(n)
	if y.at <= y.zeroed || n > smallWrite {
		return
	}
	// Best effort: what cannot be written here fails the next write, which says so.
	done, _ := writeZeros(f, y.at)
	y.zeroed = y.at + int64(done)
}

// writeZeros writes them past an encrypted file's cipher, whose key stream they
// would give away.
func writeZeros(f vfs.File, at int64) (int, error) {
	if e, ok := f.(interface {
		WriteZeros(zeros []byte, off int64) (int, error)
	}); ok {
		return e.WriteZeros(zeros[:], at)
	}
	return f.WriteAt(zeros[:], at)
}
