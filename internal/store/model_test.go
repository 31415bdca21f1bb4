package store

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"runtime"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"pgregory.net/rapid"
)

// machine drives a store and a map with the same random calls.
type machine struct {
	t     *testing.T
	fs    *vfs.MemFS
	store *running

	keys   map[string]string
	boxes  int          // tokens that nobody has taken
	parked []chan error // calls that wait for one, in order
}

func TestAStoreBehavesLikeAMap(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		m := &machine{t: t, fs: vfs.NewCrashableMem(), keys: map[string]string{}}
		m.store = start(t, m.fs, Fsync)
		defer func() { m.stop(r) }()
		r.Repeat(map[string]func(*rapid.T){
			"":                  m.compare,
			"write":             m.write,
			"refuse":            m.refuse,
			"write, then fail":  func(r *rapid.T) { m.abort(r, func() error { return errors.New("too late") }) },
			"write, then panic": func(r *rapid.T) { m.abort(r, func() error { panic("bug") }) },
			"keep, then refuse": m.keep,
			"nested":            m.nested,
			"take":              m.take,
			"put":               m.put,
			"give up":           m.release,
			"restart":           m.restart,
			"lose power":        m.losePower,
		})
	})
}

func (m *machine) update(fn func(tx *Tx) error) error {
	return m.store.Shard(0).Update(context.Background(), fn)
}

func (m *machine) must(r *rapid.T, fn func(tx *Tx) error) {
	r.Helper()
	if err := m.update(fn); err != nil {
		r.Fatal(err)
	}
}

// edits are random writes, the same to a transaction and to a map.
type edit struct {
	kind, key, to string
}

var someKey = rapid.StringMatching(`k[a-e]{1,2}`)

func drawEdits(r *rapid.T) []edit {
	return rapid.SliceOfN(rapid.Custom(func(r *rapid.T) edit {
		return edit{rapid.SampledFrom([]string{"set", "set", "set", "delete", "range"}).Draw(r, "kind"), someKey.Draw(r, "key"), someKey.Draw(r, "to")}
	}), 1, 6).Draw(r, "edits")
}

func apply(edits []edit, tx *Tx) (err error) {
	for _, e := range edits {
		switch e.kind {
		case "set":
			err = errors.Join(err, tx.Set([]byte(e.key), []byte(e.to)))
		case "delete":
			err = errors.Join(err, tx.Delete([]byte(e.key)))
		case "range":
			err = errors.Join(err, tx.DeleteRange([]byte(min(e.key, e.to)), []byte(max(e.key, e.to))))
		}
	}
	return err
}

func note(edits []edit, keys map[string]string) {
	for _, e := range edits {
		switch e.kind {
		case "set":
			keys[e.key] = e.to
		case "delete":
			delete(keys, e.key)
		case "range":
			maps.DeleteFunc(keys, func(k, _ string) bool { return k >= min(e.key, e.to) && k < max(e.key, e.to) })
		}
	}
}

func (m *machine) write(r *rapid.T) {
	edits := drawEdits(r)
	m.must(r, func(tx *Tx) error { return apply(edits, tx) })
	note(edits, m.keys)
}

func (m *machine) refuse(r *rapid.T) {
	refused := errors.New("refused")
	if err := m.update(func(*Tx) error { return refused }); err != refused {
		r.Fatalf("got %v, want the closure's error", err)
	}
}

func (m *machine) abort(r *rapid.T, end func() error) {
	edits := drawEdits(r)
	err := m.update(func(tx *Tx) error { return errors.Join(apply(edits, tx), end()) })
	if !errors.Is(err, ErrAborted) {
		r.Fatalf("got %v, want ErrAborted", err)
	}
}

func (m *machine) keep(r *rapid.T) {
	edits, refused := drawEdits(r), errors.New("refused")
	err := m.update(func(tx *Tx) error {
		if err := apply(edits, tx); err != nil {
			return err
		}
		tx.Keep()
		return refused
	})
	if err != refused {
		r.Fatalf("got %v, want the closure's error", err)
	}
	note(edits, m.keys)
}

// nested has calls inside a call: one that is refused, one that keeps its
// writes and is refused, one that succeeds.
func (m *machine) nested(r *rapid.T) {
	kept, done, refused := drawEdits(r), drawEdits(r), errors.New("refused")
	m.must(r, func(tx *Tx) error {
		if err := tx.Do(func(*Tx) error { return refused }); err != refused {
			return fmt.Errorf("inner call: %w", err)
		}
		err := tx.Do(func(tx *Tx) error {
			err := apply(kept, tx)
			tx.Keep()
			return errors.Join(err, refused)
		})
		if !errors.Is(err, refused) {
			return fmt.Errorf("inner call that keeps: %w", err)
		}
		return tx.Do(func(tx *Tx) error { return apply(done, tx) })
	})
	note(kept, m.keys)
	note(done, m.keys)
}

var boxTopic = Topic{'x', 1}

// box is a key of its own, of the number of tokens.
func boxes(tx *Tx) (int, error) {
	v, _, err := tx.Get([]byte("x"))
	return len(v), err
}

func (m *machine) take(r *rapid.T) {
	done := make(chan error, 1)
	sh := m.store.Shard(0)
	go func() {
		done <- sh.Update(context.Background(), func(tx *Tx) error {
			n, err := boxes(tx)
			if err != nil {
				return err
			}
			if n == 0 {
				return tx.Wait(boxTopic)
			}
			return tx.Set([]byte("x"), make([]byte, n-1))
		})
	}()
	m.parked = append(m.parked, done)
	if m.boxes > 0 {
		m.serve(r)
		return
	}
	for waiting := 0; waiting < len(m.parked); runtime.Gosched() {
		m.must(r, func(tx *Tx) error { waiting = tx.Waiting(boxTopic); return nil })
	}
}

// serve waits for the first parked call, which has its token.
func (m *machine) serve(r *rapid.T) {
	if err := <-m.parked[0]; err != nil {
		r.Fatalf("a parked call was not served: %v", err)
	}
	m.parked, m.boxes = m.parked[1:], m.boxes-1
}

func (m *machine) put(r *rapid.T) {
	n := rapid.IntRange(1, 3).Draw(r, "n")
	m.must(r, func(tx *Tx) error {
		have, err := boxes(tx)
		tx.Wake(boxTopic, n)
		return errors.Join(err, tx.Set([]byte("x"), make([]byte, have+n)))
	})
	m.boxes += n
	for m.boxes > 0 && len(m.parked) > 0 {
		m.serve(r)
	}
}

func (m *machine) release(r *rapid.T) {
	m.store.Shard(0).ReleaseParked()
	m.wantReleased(r)
}

func (m *machine) wantReleased(r *rapid.T) {
	for _, done := range m.parked {
		if err := <-done; err != ErrWaitEnded {
			r.Errorf("a released call answered %v", err)
		}
	}
	m.parked = nil
}

func (m *machine) stop(r *rapid.T) {
	m.store.stop(m.t)
	m.wantReleased(r)
}

func (m *machine) restart(r *rapid.T) {
	m.stop(r)
	m.store = start(m.t, m.fs, Fsync)
}

func (m *machine) losePower(r *rapid.T) {
	left := m.fs.CrashClone(vfs.CrashCloneCfg{})
	m.stop(r)
	m.fs, m.store = left, start(m.t, left, Fsync)
}

func (m *machine) compare(r *rapid.T) {
	got, box := map[string]string{}, 0
	m.must(r, func(tx *Tx) (err error) {
		clear(got)
		if box, err = boxes(tx); err != nil {
			return err
		}
		return tx.Scan([]byte("k"), []byte("l"), func(k, v []byte) bool {
			got[string(k)] = string(v)
			return true
		})
	})
	if !maps.Equal(got, m.keys) || box != m.boxes {
		r.Fatalf("%v and %d boxes, want %v and %d", got, box, m.keys, m.boxes)
	}
}
