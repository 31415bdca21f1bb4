// Package storetest opens stores for tests: on a memory file system, running,
// and closed when the test ends. It works inside synctest bubbles.
package storetest

import (
	"context"
	"errors"
	"log/slog"
	"testing"

	"github.com/carillon-events/carillon/internal/store"
	"github.com/cockroachdb/pebble/v2/vfs"
)

// Store is a running store.
type Store struct {
	*store.Shard
	Store *store.Store

	t      testing.TB
	fs     vfs.FS
	cancel context.CancelFunc
	ran    chan error
}

// Open opens a store on a new memory file system and runs it.
func Open(t testing.TB) *Store {
	t.Helper()
	return OpenOn(t, vfs.NewMem())
}

// OpenOn opens the store on fs and runs it.
func OpenOn(t testing.TB, fs vfs.FS) *Store {
	t.Helper()
	s := &Store{t: t, fs: fs}
	s.start()
	t.Cleanup(s.Stop)
	return s
}

// Restart stops the store in order and opens it again.
func (s *Store) Restart() {
	s.t.Helper()
	s.Stop()
	s.start()
}

func (s *Store) start() {
	s.t.Helper()
	st, err := store.Open("data", store.Options{FS: s.fs, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		s.t.Fatal(err)
	}
	s.Store, s.Shard = st, st.Shard(0)
	ctx, cancel := context.WithCancel(context.Background())
	s.cancel, s.ran = cancel, make(chan error, 1)
	go func() { s.ran <- st.Run(ctx) }()
}

// Stop stops the store, once. A store that failed on purpose is no error.
func (s *Store) Stop() {
	if s.cancel == nil {
		return
	}
	s.t.Helper()
	s.cancel()
	s.cancel = nil
	if err := <-s.ran; err != nil && !errors.Is(err, store.ErrFailed) {
		s.t.Error(err)
	}
	if err := s.Store.Close(); err != nil {
		s.t.Error(err)
	}
}
