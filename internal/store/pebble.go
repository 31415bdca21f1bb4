package store

import (
	"errors"
	"fmt"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/bloom"
)

// pebbleOptions bounds memory: at most four memtables of 64 MiB, and the cache.
// With 32 MiB a backlog that grows writes half as much again in compactions.
func (s *Store) pebbleOptions() *pebble.Options {
	o := &pebble.Options{
		FS:                          s.guard,
		Logger:                      pebbleLogger{s},
		CacheSize:                   s.options.CacheBytes,
		FormatMajorVersion:          pebble.FormatNewest,
		MemTableSize:                64 << 20,
		MemTableStopWritesThreshold: 4,
		L0CompactionThreshold:       4,
		L0StopWritesThreshold:       32,
		DisableWAL:                  s.options.Durability == Memory,
		Lock:                        s.lock,
		BytesPerSync:                1 << 20,
	}
	o.Experimental.SpanPolicyFunc = ownTable
	o.EventListener = &pebble.EventListener{
		BackgroundError: s.backgroundError,
		DataCorruption:  func(i pebble.DataCorruptionInfo) { s.backgroundError(i.Details) },
	}
	for i := range o.Levels {
		o.Levels[i].FilterPolicy = bloom.FilterPolicy(10)
	}
	return o
}

// ownTable has each key space in tables of its own. Most of what is written are
// keys that only grow (bodies, the trail); beside them are a few that are written
// again and again (counters, cursors). A table with both would lie across all
// that was written before, and have it compacted again and again: with the
// trail, that took a third of the processor.
func ownTable(first []byte) (pebble.SpanPolicy, []byte, error) {
	n := spaceSize
	if len(first) > n && first[n-1] == SpaceTrail {
		n++ // it has both kinds itself
	}
	if len(first) < n {
		return pebble.SpanPolicy{}, nil, nil // the format's key, before all spaces
	}
	return pebble.SpanPolicy{}, PrefixEnd(first[:n]), nil
}

// backgroundError fails a store that cannot flush, compact or read its own
// files: tried again for ever, it would fill the log and then the memory.
func (s *Store) backgroundError(err error) {
	if errors.Is(err, pebble.ErrCancelledCompaction) || errors.Is(err, pebble.ErrClosed) || s.options.readOnly {
		s.logger.Warn("background error", "component", "pebble", "error", err)
		return
	}
	s.fail(err)
}

// pebbleLogger hands Pebble's lines to slog, and its fatal errors to Store.fail.
type pebbleLogger struct{ store *Store }

func (l pebbleLogger) Infof(format string, args ...any) {
	l.store.logger.Debug(fmt.Sprintf(format, args...), "component", "pebble")
}

func (l pebbleLogger) Errorf(format string, args ...any) {
	l.store.logger.Warn(fmt.Sprintf(format, args...), "component", "pebble")
}

// Fatalf must not return: Pebble's state is broken. Parking the goroutine, not
// ending the process, lets the server say why it stops; ending the goroutine
// instead would run deferred calls on that broken state.
func (l pebbleLogger) Fatalf(format string, args ...any) {
	err := fmt.Errorf(format, args...)
	for _, a := range args {
		if e, ok := a.(error); ok {
			err = e
		}
	}
	l.store.fail(err)
	select {}
}
