// Package store keeps everything durable: it is the only door to Pebble.
//
// A Store is one Pebble database in one directory. It holds shards: ranges of
// keys with one writer each. A Shard runs small deterministic closures
// (Update) one after another on its writer goroutine, gathers the writes of
// all that are waiting into one batch, appends that batch to its Log as one
// record, and answers all of them when the record is durable.
//
// Invariants:
//
//  1. Update returns nil only after the record that holds its writes is as
//     durable as Options.Durability promises, and so is every record before it.
//  2. A record is applied whole or not at all.
//  3. What Update returns was decided on a state that is durable by the time
//     it returns, also where the closure wrote nothing.
//  4. A closure that fails before writing changes nothing. One that fails or
//     panics after writing is a broken invariant of its core: the whole group
//     is refused with ErrAborted and the shard's memory (Cell) is thrown away
//     and rebuilt from keys. There is no rollback code.
//  5. After a failed append or sync nothing is acknowledged any more: every
//     call answers ErrFailed and Run returns the cause. A log that cannot be
//     trusted is never continued.
//
// The store refuses to know what keys mean: each core draws its own layout
// and takes its key space from keyspace.go. docs/formats.md has all of them.
package store

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"
)

// Durability says what an acknowledgement promises.
type Durability string

const (
	// Fsync acknowledges after the log record is on disk: it survives power loss.
	Fsync Durability = "fsync"
	// Interval acknowledges after the record is handed to the operating system
	// and syncs every Options.SyncInterval: it survives the death of the process,
	// and a power loss costs at most that interval.
	Interval Durability = "interval"
	// Memory keeps everything in RAM and nothing on disk: for tests and CI.
	Memory Durability = "memory"
)

// ParseDurability refuses anything but fsync, interval and memory.
func ParseDurability(s string) (Durability, error) {
	switch d := Durability(s); d {
	case Fsync, Interval, Memory:
		return d, nil
	}
	return "", fmt.Errorf("durability %q: want fsync, interval or memory", s)
}

// DefaultSyncInterval is how often the Interval level syncs.
const DefaultSyncInterval = 100 * time.Millisecond

// Options opens a Store. The zero value is fsync on the real file system.
type Options struct {
	Durability   Durability    // Fsync where empty
	SyncInterval time.Duration // of Interval; DefaultSyncInterval where 0
	FS           vfs.FS        // the real one where nil; tests bring one that crashes
	Logger       *slog.Logger  // slog.Default() where nil
	CacheBytes   int64         // Pebble's block cache; 64 MiB where 0
}

// Errors that callers tell apart.
var (
	// ErrLocked: another process has the directory open.
	ErrLocked = errors.New("another carillon uses this data directory")
	// ErrClosed: the store is closing or closed, and nothing was changed.
	ErrClosed = errors.New("store is closed")
	// ErrFailed: the log could not be written; nothing is acknowledged any more.
	ErrFailed = errors.New("store failed")
	// ErrAborted: the group of this call was thrown away because of a bug in it
	// or in a neighbour; nothing was changed, and a retry is safe.
	ErrAborted = errors.New("store: group aborted")
)

// Store is one database directory.
type Store struct {
	db      *pebble.DB
	options Options
	logger  *slog.Logger
	shard   *Shard

	failure atomic.Pointer[error]
	failed  chan struct{} // closed on the first failure
	fail1   sync.Once
}

// Open opens or creates the store in dir and checks its format. It starts
// nothing: Run does the work. Close when done, after Run returned.
func Open(dir string, o Options) (*Store, error) {
	o = o.withDefaults()
	s := &Store{options: o, logger: o.Logger, failed: make(chan struct{})}
	if o.Durability != Memory {
		if err := o.FS.MkdirAll(dir, 0o700); err != nil {
			return nil, fmt.Errorf("create data directory: %w", err)
		}
	}
	db, err := pebble.Open(dir, s.pebbleOptions())
	if err != nil {
		return nil, openError(dir, err)
	}
	s.db = db
	if err := s.openShard(); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return s, nil
}

func (s *Store) openShard() error {
	if err := s.checkFormat(); err != nil {
		return err
	}
	log := &localLog{db: s.db, sync: s.options.Durability == Fsync}
	shard, err := newShard(s, 0, log)
	if err != nil {
		return fmt.Errorf("open shard 0: %w", err)
	}
	s.shard = shard
	return nil
}

func (o Options) withDefaults() Options {
	if o.Durability == "" {
		o.Durability = Fsync
	}
	if o.SyncInterval <= 0 {
		o.SyncInterval = DefaultSyncInterval
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	if o.CacheBytes <= 0 {
		o.CacheBytes = 64 << 20
	}
	if o.Durability == Memory && o.FS == nil {
		o.FS = vfs.NewMem()
	}
	if o.FS == nil {
		o.FS = vfs.Default
	}
	return o
}

// openError turns what Pebble says into a sentence for the person who started
// the process.
func openError(dir string, err error) error {
	switch {
	case errors.Is(err, syscall.EAGAIN), errors.Is(err, syscall.EWOULDBLOCK):
		return fmt.Errorf("open %s: %w", dir, ErrLocked)
	case errors.Is(err, os.ErrPermission), errors.Is(err, syscall.EROFS):
		return fmt.Errorf("open %s: no permission to write there: %w", dir, err)
	case errors.Is(err, syscall.ENOSPC):
		return fmt.Errorf("open %s: the disk is full: %w", dir, err)
	}
	return fmt.Errorf("open %s: %w", dir, err)
}

// FormatVersion is the version of the key layouts that this binary writes.
const FormatVersion = 1

// checkFormat stamps a new directory and refuses one from a newer binary.
func (s *Store) checkFormat() error {
	v, closer, err := s.db.Get(formatKey)
	if errors.Is(err, pebble.ErrNotFound) {
		return s.db.Set(formatKey, binary.BigEndian.AppendUint32(nil, FormatVersion), s.writeOptions())
	}
	if err != nil {
		return fmt.Errorf("read format version: %w", err)
	}
	defer closer.Close()
	if len(v) != 4 {
		return fmt.Errorf("format version has %d bytes, want 4: this is not a Carillon data directory", len(v))
	}
	if got := binary.BigEndian.Uint32(v); got > FormatVersion {
		return fmt.Errorf("the data directory has format %d and this binary knows up to %d: start the newer carillon that wrote it", got, FormatVersion)
	}
	return nil
}

func (s *Store) writeOptions() *pebble.WriteOptions {
	if s.options.Durability == Fsync {
		return pebble.Sync
	}
	return pebble.NoSync
}

// Shard is the shard with that number. There is one, 0, on a single machine.
func (s *Store) Shard(id uint16) *Shard {
	if id != 0 {
		panic(fmt.Sprintf("store: shard %d on a single machine", id))
	}
	return s.shard
}

// Run runs the shard's writer until ctx ends or the store fails. It finishes
// and answers what was queued before it returns; calls after that answer
// ErrClosed. The error is the failure, nil on an orderly end.
func (s *Store) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var wg sync.WaitGroup
	if s.options.Durability == Interval {
		wg.Go(func() { s.syncEvery(ctx) })
	}
	s.shard.run(ctx)
	cancel()
	wg.Wait()
	return s.Err()
}

// syncEvery is the Interval level.
func (s *Store) syncEvery(ctx context.Context) {
	tick := time.NewTicker(s.options.SyncInterval)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.failed:
			return
		case <-tick.C:
			if err := s.db.LogData(nil, pebble.Sync); err != nil {
				s.fail(fmt.Errorf("sync the log: %w", err))
			}
		}
	}
}

// Err is why the store failed, or nil.
func (s *Store) Err() error {
	if e := s.failure.Load(); e != nil {
		return *e
	}
	return nil
}

// fail records the first failure; it never heals.
func (s *Store) fail(err error) {
	s.fail1.Do(func() {
		if errors.Is(err, syscall.ENOSPC) {
			err = fmt.Errorf("the disk is full: %w", err)
		}
		err = fmt.Errorf("%w: %w", ErrFailed, err)
		s.failure.Store(&err)
		s.logger.Error("store failed, nothing is acknowledged from here on", "error", err)
		close(s.failed)
	})
}

// Close syncs and closes the database. A failed store is left as it is: its
// log is not to be trusted, and the next Open recovers from what is durable.
func (s *Store) Close() error {
	if s.Err() != nil {
		return nil
	}
	if s.options.Durability == Interval {
		if err := s.db.LogData(nil, pebble.Sync); err != nil {
			return fmt.Errorf("sync on close: %w", err)
		}
	}
	if err := s.db.Close(); err != nil {
		return fmt.Errorf("close store: %w", err)
	}
	return nil
}
