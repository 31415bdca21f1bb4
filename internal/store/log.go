package store

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/cespare/xxhash/v2"
	"github.com/cockroachdb/pebble/v2"
)

// Head names a record of a log, and stands inside it:
//
//	{version=1 byte}{epoch uint64}{position uint64}{previous hash uint64}{hash uint64}
//
// all big endian. hash covers the previous hash, epoch, position and the
// record's bytes up to this header; so a record can only follow the one that
// its writer saw. The sequence alone would not fence off an old leader whose
// delayed append lands at the expected position.
type Head struct {
	Epoch    uint64 // grows with every writer
	Position uint64 // 1 is the first record
	Previous uint64 // hash of the record before
	Hash     uint64
}

const headSize = 1 + 4*8

func (h Head) append(b []byte) []byte {
	b = append(b, 1)
	b = binary.BigEndian.AppendUint64(b, h.Epoch)
	b = binary.BigEndian.AppendUint64(b, h.Position)
	b = binary.BigEndian.AppendUint64(b, h.Previous)
	return binary.BigEndian.AppendUint64(b, h.Hash)
}

func decodeHead(b []byte) (Head, error) {
	if len(b) != headSize || b[0] != 1 {
		return Head{}, fmt.Errorf("log head: %d bytes, version %d: want %d, 1", len(b), b[:min(1, len(b))], headSize)
	}
	u := func(i int) uint64 { return binary.BigEndian.Uint64(b[1+8*i:]) }
	return Head{Epoch: u(0), Position: u(1), Previous: u(2), Hash: u(3)}, nil
}

// follow is the head of the record that holds payload and comes after h.
func (h Head) follow(epoch uint64, payload []byte) Head {
	next := Head{Epoch: epoch, Position: h.Position + 1, Previous: h.Hash}
	var seed [24]byte
	binary.BigEndian.PutUint64(seed[0:], next.Previous)
	binary.BigEndian.PutUint64(seed[8:], next.Epoch)
	binary.BigEndian.PutUint64(seed[16:], next.Position)
	var d xxhash.Digest
	d.Reset()
	_, _ = d.Write(seed[:])
	_, _ = d.Write(payload)
	next.Hash = d.Sum64()
	return next
}

// Record is one group of a shard: a Pebble batch whose last key is its Head.
type Record struct {
	Head  Head
	batch *pebble.Batch
}

// Bytes is the record as it is shipped. Valid until the append is confirmed.
func (r Record) Bytes() []byte { return r.batch.Repr() }

// Errors of a Log.
var (
	// ErrFenced: a newer epoch has written, or the record does not follow the tail.
	ErrFenced = errors.New("log: another writer has taken over")
	// ErrTrimmed: the records asked for are no longer kept as records; their effect is in the state.
	ErrTrimmed = errors.New("log: trimmed")
)

// Log is where a shard's records become durable; the seam for clustering. The
// shard appends from one goroutine, in order, and never retries: whatever
// fails, the shard throws its memory away and asks Tail again.
//
// Local (here): Pebble's own WAL; an append is the commit.
type Log interface {
	// Append starts to append r, whose Head must follow the tail under an epoch
	// not older than the tail's, else ErrFenced. It applies r to the local state
	// and returns before r is durable; the caller must call wait, once, and the
	// appends' waits return in order.
	Append(r Record) (wait func() error, err error)
	// Tail is the last durable record's head; the zero Head of an empty log.
	Tail(ctx context.Context) (Head, error)
	// Read calls fn with the records from position on. ErrTrimmed if they are gone.
	Read(ctx context.Context, from uint64, fn func(Record) error) error
	// Trim forgets records up to and with position.
	Trim(ctx context.Context, upTo uint64) error
}

// localLog: every record is trimmed the moment it is appended, since applying
// it is appending it.
type localLog struct {
	db   *pebble.DB
	sync bool
	tail Head
}

func noWait() error { return nil }

func (l *localLog) Append(r Record) (func() error, error) {
	if r.Head.Position != l.tail.Position+1 || r.Head.Previous != l.tail.Hash || r.Head.Epoch < l.tail.Epoch {
		return nil, fmt.Errorf("append %d/%d after %d/%d: %w", r.Head.Epoch, r.Head.Position, l.tail.Epoch, l.tail.Position, ErrFenced)
	}
	l.tail = r.Head
	if !l.sync {
		return noWait, l.db.Apply(r.batch, pebble.NoSync)
	}
	if err := l.db.ApplyNoSyncWait(r.batch, pebble.Sync); err != nil {
		return nil, err
	}
	return r.batch.SyncWait, nil
}

func (l *localLog) Tail(context.Context) (Head, error) {
	v, closer, err := l.db.Get(logHeadKey(0))
	if errors.Is(err, pebble.ErrNotFound) {
		return Head{}, nil
	}
	if err != nil {
		return Head{}, fmt.Errorf("read log head: %w", err)
	}
	defer closer.Close()
	l.tail, err = decodeHead(v)
	return l.tail, err
}

func (l *localLog) Read(_ context.Context, from uint64, _ func(Record) error) error {
	if from <= l.tail.Position {
		return fmt.Errorf("read from %d: %w", from, ErrTrimmed)
	}
	return nil
}

func (l *localLog) Trim(context.Context, uint64) error { return nil }

func logHeadKey(shard uint16) []byte {
	return append(binary.BigEndian.AppendUint16(nil, shard+1), SpaceLogHead)
}
