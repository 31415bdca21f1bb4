package store

import (
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/cockroachdb/pebble/v2"
)

// Tx is what a closure of Update sees: the shard's keys, with everything that
// ran before it in the same group. Valid only while the closure runs, and only
// on its goroutine.
//
// Keys are without the shard's prefix, which Tx adds. A failing read of the
// disk ends the group, so cores may pass the error on and forget it.
type Tx struct {
	shard  *Shard
	prefix []byte
	group  *group
	now    time.Time

	writes  int
	kept    int // writes that stand whatever becomes of the closure
	broken  bool
	cause   error
	dirty   []Flusher
	woken   []*call
	waitFor Topic

	key, upper []byte // scratch
}

// Flusher writes what its owner kept in memory while the group ran.
type Flusher interface {
	Flush(tx *Tx) error
}

func (t *Tx) begin(g *group, now time.Time) {
	t.group, t.now = g, now
	t.writes, t.broken, t.cause = 0, false, nil
	clear(t.dirty)
	t.dirty, t.woken = t.dirty[:0], nil
}

// try runs fn and turns a panic into a broken group.
func (t *Tx) try(fn func(*Tx) error) (err error) {
	done := false
	defer func() {
		if done {
			return
		}
		if p := recover(); p != nil { // nil on Goexit, which ends the writer
			err = ErrAborted
			t.breakGroup(fmt.Errorf("panic: %v\n%s", p, debug.Stack()))
		}
	}()
	err = fn(t)
	done = true
	return err
}

// Do runs fn as a call of its own inside this one: an error before fn's first
// write is returned and has changed nothing. After an error behind a write, or
// a panic, the group is lost, and Do answers ErrAborted: pass that on.
func (t *Tx) Do(fn func(*Tx) error) error {
	outer, outerWrote := t.kept, t.writes != t.kept
	t.Keep()
	err := t.try(fn)
	if err != nil && t.writes != t.kept {
		t.breakGroup(fmt.Errorf("a call wrote and then failed: %w", err))
	}
	if outerWrote {
		t.kept = outer
	}
	if t.broken {
		return ErrAborted
	}
	return err
}

// Keep says that what the closure wrote until now is right by itself, and
// stands if the closure then fails or waits: for what time has brought about
// and the closure only found out.
func (t *Tx) Keep() { t.kept = t.writes }

func (t *Tx) breakGroup(cause error) {
	if !t.broken {
		t.broken, t.cause = true, cause
	}
}

// flush runs the flushers, also those that they register.
func (t *Tx) flush() {
	for i := 0; i < len(t.dirty) && !t.broken; i++ {
		if err := t.try(t.dirty[i].Flush); err != nil {
			t.breakGroup(fmt.Errorf("flush: %w", err))
		}
	}
	clear(t.dirty)
	t.dirty = t.dirty[:0]
}

// Now is the time of the group: UTC wall clock, never before that of an earlier group.
func (t *Tx) Now() time.Time { return t.now }

func (t *Tx) full(key []byte) []byte {
	t.key = append(append(t.key[:0], t.prefix...), key...)
	return t.key
}

// Get is a copy of the value of key, and whether there is one.
func (t *Tx) Get(key []byte) ([]byte, bool, error) {
	v, closer, err := t.group.batch.Get(t.full(key))
	if errors.Is(err, pebble.ErrNotFound) {
		return nil, false, nil
	}
	if err != nil {
		t.breakGroup(fmt.Errorf("read: %w", err))
		return nil, false, err
	}
	v = append(make([]byte, 0, len(v)), v...)
	return v, true, closer.Close()
}

// Set writes key. Both are copied.
func (t *Tx) Set(key, value []byte) error {
	copy(t.SetDeferred(key, len(value)), value)
	return nil
}

// SetDeferred writes key with a value of n bytes that the caller fills before
// the next call on t: it saves building large values twice.
func (t *Tx) SetDeferred(key []byte, n int) (value []byte) {
	t.writes++
	op := t.group.batch.SetDeferred(len(t.prefix)+len(key), n)
	copy(op.Key[copy(op.Key, t.prefix):], key)
	t.finish(op)
	return op.Value
}

// Delete removes key; no error where there is none.
func (t *Tx) Delete(key []byte) error {
	t.writes++
	op := t.group.batch.DeleteDeferred(len(t.prefix) + len(key))
	copy(op.Key[copy(op.Key, t.prefix):], key)
	return t.finish(op)
}

// finish puts the operation into the batch's index, which reads only the key.
func (t *Tx) finish(op *pebble.DeferredBatchOp) error {
	if err := op.Finish(); err != nil {
		t.breakGroup(fmt.Errorf("write: %w", err))
		return err
	}
	return nil
}

// DeleteRange removes the keys from lo up to, not with, hi, at the cost of one.
func (t *Tx) DeleteRange(lo, hi []byte) error {
	t.writes++
	t.upper = append(append(t.upper[:0], t.prefix...), hi...)
	if err := t.group.batch.DeleteRange(t.full(lo), t.upper, nil); err != nil {
		t.breakGroup(fmt.Errorf("delete range: %w", err))
		return err
	}
	return nil
}

// Scan calls fn with the keys from lo up to, not with, hi, in order, until fn
// returns false. key and value are valid during the call; fn must not write.
func (t *Tx) Scan(lo, hi []byte, fn func(key, value []byte) bool) error {
	t.upper = append(append(t.upper[:0], t.prefix...), hi...)
	err := scan(t.group.batch, t.full(lo), t.upper, len(t.prefix), fn)
	if err != nil {
		t.breakGroup(fmt.Errorf("scan: %w", err))
	}
	return err
}

// BeforeCommit has f flushed once at the end of the group. The caller sees to
// it that f is not registered twice.
func (t *Tx) BeforeCommit(f Flusher) { t.dirty = append(t.dirty, f) }

// AfterCommit calls f when the group is durable, before its calls are
// answered, on a goroutine that every answer waits for: f must not block.
func (t *Tx) AfterCommit(f func()) { t.group.after = append(t.group.after, f) }
