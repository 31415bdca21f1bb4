package store

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"log/slog"
	"strconv"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
)

var quiet = slog.New(slog.NewTextHandler(io.Discard, nil))

// open runs a store on a memory file system until the test ends.
func openTest(t testing.TB, o Options) *Shard {
	t.Helper()
	dir := "data"
	if o.FS == nil {
		o.FS = vfs.NewMem()
	}
	if o.FS == vfs.Default {
		dir = t.TempDir()
	}
	o.Logger = quiet
	s, err := Open(dir, o)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ran := make(chan error, 1)
	go func() { ran <- s.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ran; err != nil && !errors.Is(err, ErrFailed) {
			t.Error(err)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s.Shard(0)
}

func set(tx *Tx, k, v string) error { return tx.Set([]byte(k), []byte(v)) }

func get(t *testing.T, sh *Shard, k string) string {
	t.Helper()
	var got string
	err := sh.Update(t.Context(), func(tx *Tx) error {
		v, ok, err := tx.Get([]byte(k))
		if !ok {
			v = []byte("-")
		}
		got = string(v)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func TestAnUpdateThatFailsBeforeWritingChangesNothingAndHarmsNobody(t *testing.T) {
	sh := openTest(t, Options{})
	refused := errors.New("refused")
	if err := sh.Update(t.Context(), func(tx *Tx) error { return refused }); err != refused {
		t.Fatalf("got %v, want the closure's own error", err)
	}
	if err := sh.Update(t.Context(), func(tx *Tx) error { return set(tx, "a", "1") }); err != nil {
		t.Fatal(err)
	}
	if got := get(t, sh, "a"); got != "1" {
		t.Fatalf("a = %q", got)
	}
}

func TestAGroupThatBreaksIsThrownAwayWithTheMemoryItChanged(t *testing.T) {
	type memory struct{ a string }
	cell := NewCell(func(tx *Tx) (*memory, error) {
		v, _, err := tx.Get([]byte("a"))
		return &memory{string(v)}, err
	})
	put := func(v string, then func() error) func(*Tx) error {
		return func(tx *Tx) error {
			m, err := cell.In(tx)
			if err != nil {
				return err
			}
			m.a = v
			if err := set(tx, "a", v); err != nil {
				return err
			}
			return then()
		}
	}
	for name, then := range map[string]func() error{
		"error after a write": func() error { return errors.New("too late") },
		"panic":               func() error { panic("bug") },
	} {
		t.Run(name, func(t *testing.T) {
			sh := openTest(t, Options{})
			if err := sh.Update(t.Context(), put("1", func() error { return nil })); err != nil {
				t.Fatal(err)
			}
			if err := sh.Update(t.Context(), put("2", then)); !errors.Is(err, ErrAborted) {
				t.Fatalf("got %v, want ErrAborted", err)
			}
			if got := get(t, sh, "a"); got != "1" {
				t.Fatalf("key a = %q after an aborted group", got)
			}
			_ = sh.Update(t.Context(), func(tx *Tx) error {
				if m, _ := cell.In(tx); m.a != "1" {
					t.Errorf("memory a = %q after an aborted group", m.a)
				}
				return nil
			})
		})
	}
}

func TestAParkedCallIsWokenInTheRecordThatWokeIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sh := openTest(t, Options{})
		topic := Topic{'t', 1}
		take := func(tx *Tx) error {
			v, ok, err := tx.Get([]byte("box"))
			if err != nil {
				return err
			}
			if !ok {
				return tx.Wait(topic)
			}
			return errors.Join(tx.Delete([]byte("box")), set(tx, "taken", string(v)))
		}
		first, second := make(chan error, 1), make(chan error, 1)
		go func() { first <- sh.Update(t.Context(), take) }()
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		go func() { second <- sh.Update(ctx, take) }()
		synctest.Wait()
		err := sh.Update(t.Context(), func(tx *Tx) error {
			tx.Wake(topic, 1)
			return set(tx, "box", "x")
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := <-first; err != nil {
			t.Fatal("the longest waiting call was not served:", err)
		}
		if got := get(t, sh, "taken"); got != "x" {
			t.Fatalf("taken = %q", got)
		}
		if err := <-second; err != ErrWaitEnded {
			t.Fatalf("got %v, want ErrWaitEnded when the context ends", err)
		}
	})
}

func TestAnAlarmWakesItsTopicAtItsTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sh := openTest(t, Options{})
		topic := Topic{'t', 1}
		start := time.Now()
		ready := start.Add(30 * time.Second)
		err := sh.Update(t.Context(), func(tx *Tx) error {
			if tx.Now().Before(ready) {
				tx.WakeAt(topic, ready)
				return tx.Wait(topic)
			}
			return nil
		})
		if got := time.Since(start); err != nil || got != 30*time.Second {
			t.Fatalf("woken after %v, %v", got, err)
		}
	})
}

func TestCallsFinishOrAreRefusedWhenTheStoreStops(t *testing.T) {
	s, err := Open("data", Options{FS: vfs.NewMem(), Logger: quiet})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ran := make(chan error)
	go func() { ran <- s.Run(ctx) }()
	parked := make(chan error)
	go func() {
		parked <- s.Shard(0).Update(t.Context(), func(tx *Tx) error { return tx.Wait(Topic{'t', 1}) })
	}()
	if err := s.Shard(0).Update(t.Context(), func(tx *Tx) error { return set(tx, "a", "1") }); err != nil {
		t.Fatal(err)
	}
	cancel()
	if err := <-parked; err != ErrWaitEnded && err != ErrClosed {
		t.Fatalf("parked call: %v", err)
	}
	if err := <-ran; err != nil {
		t.Fatal(err)
	}
	if err := s.Shard(0).Update(t.Context(), func(tx *Tx) error { return nil }); err != ErrClosed {
		t.Fatalf("got %v, want ErrClosed", err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

func BenchmarkUpdate(b *testing.B) {
	for _, callers := range []int{1, 64, 1024} {
		b.Run("callers="+strconv.Itoa(callers), func(b *testing.B) {
			sh := openTest(b, Options{FS: vfs.Default})
			value := make([]byte, 1024)
			var seq atomic.Uint64
			b.SetParallelism(max(1, callers/2))
			b.ReportAllocs()
			b.RunParallel(func(pb *testing.PB) {
				key := make([]byte, 9)
				for pb.Next() {
					binary.BigEndian.PutUint64(key[1:], seq.Add(1))
					if err := sh.Update(context.Background(), func(tx *Tx) error { return tx.Set(key, value) }); err != nil {
						b.Error(err)
					}
				}
			})
		})
	}
}
