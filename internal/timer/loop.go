package timer

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/carillon-events/carillon/internal/store"
)

// A step fires at most this many timers in one closure, so that the writer
// serves everybody else in between.
const maxStep = 256

// A timer whose handler fails is tried again after minBackoff, doubled with
// every failure up to maxBackoff.
const (
	minBackoff = time.Second
	maxBackoff = 10 * time.Minute
)

// Handler does what a timer was set for. It keeps the rules of a closure of
// Shard.Update: it checks first, writes after, and does a bounded amount of
// work (it may set its timer again for more). An error before its first write
// postpones the timer; one after it, or a panic, throws away the whole group,
// and then postpones the timer.
type Handler func(tx *store.Tx, at time.Time, ref []byte) error

// Loop fires the timers of one shard. Exactly one Loop runs on a shard.
type Loop struct {
	Shard    *store.Shard
	Handlers map[Kind]Handler
	Logger   *slog.Logger // slog.Default() where nil

	suspect []byte // the timer that a step of one was about to fire
	failed  []failure
}

type failure struct {
	key []byte
	err error
}

// Run fires timers until ctx ends or the store does.
func (l *Loop) Run(ctx context.Context) error {
	most := maxStep
	for {
		err := l.Shard.Update(ctx, func(tx *store.Tx) error { return l.step(tx, most) })
		switch {
		case err == nil:
			l.report()
			most = min(2*most, maxStep)
		case errors.Is(err, store.ErrWaitEnded), errors.Is(err, store.ErrClosed):
			return nil
		case errors.Is(err, store.ErrAborted):
			if most == 1 {
				if err := l.postponeSuspect(ctx); err != nil {
					return fmt.Errorf("timers: %w", err)
				}
			}
			most = 1 // to find out which timer it was, if it was one
		default:
			return fmt.Errorf("timers: %w", err)
		}
		if ctx.Err() != nil {
			return nil
		}
	}
}

// step fires the timers that are due, at most most of them, or waits for the
// next one.
func (l *Loop) step(tx *store.Tx, most int) error {
	l.failed, l.suspect = l.failed[:0], nil
	m, err := cell.In(tx)
	if err != nil {
		return err
	}
	due, err := m.due(tx, most)
	if err != nil {
		return err
	}
	if len(due) == 0 {
		if !m.none {
			tx.WakeAt(topic, keyTime(m.cursor))
		}
		return tx.Wait(topic)
	}
	if most == 1 {
		l.suspect = due[0].key
	}
	return l.fire(tx, m, due)
}

// timer is one that is due.
type timer struct{ key, value []byte }

// due are the first timers whose instant has come. If there are none, the
// cursor is at the next one afterwards.
func (m *memory) due(tx *store.Tx, most int) ([]timer, error) {
	if m.none || len(m.cursor) > 0 && keyTime(m.cursor).After(tx.Now()) {
		return nil, nil
	}
	var due []timer
	var next []byte
	err := tx.Scan(m.lowest(), []byte{store.SpaceTimer + 1}, func(key, value []byte) bool {
		if keyTime(key).After(tx.Now()) || len(due) == most {
			next = bytes.Clone(key)
			return false
		}
		due = append(due, timer{bytes.Clone(key), bytes.Clone(value)})
		return true
	})
	if len(due) == 0 {
		m.cursor, m.none = next, next == nil
	}
	return due, err
}

func (m *memory) lowest() []byte {
	if len(m.cursor) == 0 {
		return []byte{store.SpaceTimer, 0}
	}
	return m.cursor
}

func (l *Loop) fire(tx *store.Tx, m *memory, due []timer) error {
	// Past these; a handler that sets an earlier timer moves the cursor back.
	if err := m.advance(tx, append(bytes.Clone(due[len(due)-1].key), 0)); err != nil {
		return err
	}
	cancels := m.cancels
	for _, t := range due {
		if m.cancels != cancels {
			if _, alive, err := tx.Get(t.key); err != nil {
				return err
			} else if !alive {
				continue
			}
		}
		// Before the handler, which may set the same timer again.
		if err := tx.Delete(t.key); err != nil {
			return err
		}
		err := tx.Do(func(tx *store.Tx) error { return l.handle(tx, t) })
		if errors.Is(err, store.ErrAborted) {
			return err
		}
		if err != nil {
			l.failed = append(l.failed, failure{t.key, err})
			if err := postpone(tx, m, t); err != nil {
				return err
			}
		}
	}
	return nil
}

func (l *Loop) handle(tx *store.Tx, t timer) error {
	handler := l.Handlers[keyKind(t.key)]
	if handler == nil {
		return fmt.Errorf("nobody handles timers of kind %d", keyKind(t.key))
	}
	_, at := t.history()
	return handler(tx, at, keyRef(t.key))
}

// history is how often t's handler has failed, and the instant t was set for.
func (t timer) history() (attempts uint32, at time.Time) {
	if len(t.value) != 13 || t.value[0] != 1 {
		return 0, keyTime(t.key)
	}
	at = time.Unix(0, int64(binary.BigEndian.Uint64(t.value[5:]))).UTC()
	return binary.BigEndian.Uint32(t.value[1:]), at
}

// postpone sets t, which has been removed, for later.
func postpone(tx *store.Tx, m *memory, t timer) error {
	attempts, at := t.history()
	wait := maxBackoff
	if attempts < 10 {
		wait = min(minBackoff<<attempts, maxBackoff)
	}
	value := binary.BigEndian.AppendUint32([]byte{1}, attempts+1)
	value = binary.BigEndian.AppendUint64(value, nanos(at))
	return m.set(tx, timerKey(nanos(tx.Now().Add(wait)), keyKind(t.key), keyRef(t.key)), value)
}

// postponeSuspect postpones the timer that broke its group, without calling
// its handler.
func (l *Loop) postponeSuspect(ctx context.Context) error {
	if l.suspect == nil {
		return nil // a neighbour broke it
	}
	t := timer{key: l.suspect}
	err := l.Shard.Update(ctx, func(tx *store.Tx) error {
		m, err := cell.In(tx)
		if err != nil {
			return err
		}
		value, alive, err := tx.Get(t.key)
		if err != nil || !alive {
			return err
		}
		t.value = value
		if err := tx.Delete(t.key); err != nil {
			return err
		}
		return postpone(tx, m, t)
	})
	l.logger().Error("timer postponed: its handler broke its group", "kind", keyKind(t.key), "at", keyTime(t.key))
	if errors.Is(err, store.ErrAborted) || errors.Is(err, store.ErrClosed) {
		return nil // it is tried again
	}
	return err
}

func (l *Loop) report() {
	for _, f := range l.failed {
		l.logger().Warn("timer postponed: its handler failed", "kind", keyKind(f.key), "at", keyTime(f.key), "error", f.err)
	}
	l.failed = l.failed[:0]
}

func (l *Loop) logger() *slog.Logger {
	if l.Logger != nil {
		return l.Logger
	}
	return slog.Default()
}
