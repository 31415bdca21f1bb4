package store

import (
	"fmt"
	"log/slog"
	"runtime"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/bloom"
)

// pebbleOptions bounds memory: at most four memtables of 32 MiB, and the cache.
func (s *Store) pebbleOptions() *pebble.Options {
	o := &pebble.Options{
		FS:                          s.options.FS,
		Logger:                      pebbleLogger{s},
		CacheSize:                   s.options.CacheBytes,
		FormatMajorVersion:          pebble.FormatNewest,
		MemTableSize:                32 << 20,
		MemTableStopWritesThreshold: 4,
		L0CompactionThreshold:       4,
		L0StopWritesThreshold:       32,
		DisableWAL:                  s.options.Durability == Memory,
		BytesPerSync:                1 << 20,
	}
	for i := range o.Levels {
		o.Levels[i].FilterPolicy = bloom.FilterPolicy(10)
	}
	return o
}

// pebbleLogger hands Pebble's lines to slog, and its fatal errors to Store.fail.
type pebbleLogger struct{ store *Store }

func (l pebbleLogger) Infof(format string, args ...any) {
	l.store.logger.Debug(fmt.Sprintf(format, args...), "component", "pebble")
}

func (l pebbleLogger) Errorf(format string, args ...any) {
	l.store.logger.Log(nil, slog.LevelWarn, fmt.Sprintf(format, args...), "component", "pebble") //nolint:staticcheck // no context here
}

// Fatalf must not return: Pebble's state is broken. Ending the goroutine, not
// the process, lets the server say why it stops. Deferred calls still run, so
// the writer answers those who wait.
func (l pebbleLogger) Fatalf(format string, args ...any) {
	err := fmt.Errorf(format, args...)
	for _, a := range args {
		if e, ok := a.(error); ok {
			err = e
		}
	}
	l.store.fail(err)
	runtime.Goexit()
}
