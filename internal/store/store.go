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
	"errors"
	"fmt"
	"log/slog"
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

	// Committed, where set, hears of every record that became durable: how many
	// calls it answers, and how long it took from its append on. It must not block.
	Committed func(calls int, took time.Duration)

	// Encryption, where set, opens what is locked with a master key.
	Encryption *Encryption

	readOnly bool // Verify
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
	dir     string
	lock    *pebble.Lock
	db      *pebble.DB
	options Options
	logger  *slog.Logger
	guard   *guard
	shard   *Shard
	keys    *Keys  // nil: there is no master key
	files   vfs.FS // what options.FS is; encrypted, if the data is

	backups sync.Mutex // one at a time: they share a scratch directory

	usersMu sync.Mutex
	closing bool
	users   sync.WaitGroup // whoever uses db off the writer

	failure atomic.Pointer[error]
	failed  chan struct{} // closed on the first failure
	fail1   sync.Once
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
	synced := uint64(0)
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.failed:
			return
		case <-tick.C:
			appended := s.shard.appended.Load()
			if appended == synced {
				continue
			}
			synced = appended
			err := s.unlessFailed(func() error { return s.db.LogData(nil, pebble.Sync) })
			if err != nil {
				s.fail(fmt.Errorf("sync the log: %w", err))
				return
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
		switch {
		case errors.Is(err, syscall.ENOSPC):
			err = fmt.Errorf("the disk is full: %w", err)
		case errors.Is(err, pebble.ErrCorruption):
			err = fmt.Errorf("the data is damaged, restore a backup: %w", err)
		}
		err = fmt.Errorf("%w: %w", ErrFailed, err)
		s.failure.Store(&err)
		s.logger.Error("store failed, nothing is acknowledged from here on", "error", err)
		close(s.failed)
	})
}

// Close waits for the views and backups that are being made, syncs, and closes
// the database. A failed store is left as it is: its log is not to be trusted,
// its goroutines may be stuck, and the next Open recovers what is durable.
func (s *Store) Close() error {
	s.usersMu.Lock()
	s.closing = true
	s.usersMu.Unlock()
	if s.Err() != nil {
		return nil
	}
	s.users.Wait()
	if s.shard != nil {
		s.shard.close()
		s.shard.refuseAll()
	}
	if err := errors.Join(s.unlessFailed(s.closeDB), s.lock.Close()); err != nil {
		return fmt.Errorf("close store: %w", err)
	}
	return nil
}

func (s *Store) closeDB() error {
	if s.db == nil {
		return nil
	}
	var synced error
	if s.options.Durability == Interval && !s.options.readOnly {
		synced = s.db.LogData(nil, pebble.Sync)
	}
	return errors.Join(synced, s.db.Close())
}

// enter keeps the database open until leave; false if it is closing.
func (s *Store) enter() bool {
	s.usersMu.Lock()
	defer s.usersMu.Unlock()
	if s.closing {
		return false
	}
	s.users.Add(1)
	return true
}

func (s *Store) leave() { s.users.Done() }
