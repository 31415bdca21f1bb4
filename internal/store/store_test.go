package store

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"go.uber.org/goleak"
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

// openAndLeave is what the test binary does as a second process.
const openAndLeave = "CARILLON_TEST_OPEN"

func TestMain(m *testing.M) {
	if dir := os.Getenv(openAndLeave); dir != "" {
		s, err := Open(dir, Options{Logger: quiet})
		fmt.Println(err)
		if err == nil {
			_ = s.Close()
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func TestASecondProcessIsToldThatTheDirectoryIsInUse(t *testing.T) {
	dir := t.TempDir()
	second := func() string {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), openAndLeave+"="+dir)
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatal(err, string(out))
		}
		return strings.TrimSpace(string(out))
	}
	s, err := Open(dir, Options{Logger: quiet})
	if err != nil {
		t.Fatal(err)
	}
	if got := second(); !strings.HasSuffix(got, ErrLocked.Error()) {
		t.Errorf("the second process says %q", got)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if got := second(); got != "<nil>" {
		t.Errorf("after the first has closed, the second says %q", got)
	}
}

func TestAStoreThatStoppedLeavesNoGoroutineBehind(t *testing.T) {
	before := goleak.IgnoreCurrent() // other tests leave stores that failed
	for _, d := range []Durability{Fsync, Interval, Memory} {
		r := start(t, vfs.NewMem(), d)
		parked := make(chan error)
		go func() {
			parked <- r.Shard(0).Update(context.Background(), func(tx *Tx) error { return tx.Wait(Topic{'t', 1}) })
		}()
		if err := r.Shard(0).Update(t.Context(), func(tx *Tx) error { return set(tx, "a", "1") }); err != nil {
			t.Fatal(err)
		}
		r.stop(t)
		<-parked
	}
	goleak.VerifyNone(t, before)
}

func TestAClosureThatEndsTheWritersGoroutineFailsTheStoreAndHangsNobody(t *testing.T) {
	r := start(t, vfs.NewMem(), Fsync)
	parked := make(chan error)
	go func() {
		parked <- r.Shard(0).Update(context.Background(), func(tx *Tx) error { return tx.Wait(Topic{'t', 1}) })
	}()
	err := r.Shard(0).Update(t.Context(), func(*Tx) error { runtime.Goexit(); return nil })
	for _, err := range []error{err, <-parked, <-r.ran} {
		if !errors.Is(err, ErrFailed) {
			t.Errorf("got %v, want ErrFailed", err)
		}
	}
}

func TestAStoreStopsUnderLoad(t *testing.T) {
	r := start(t, vfs.NewMem(), Fsync)
	var load sync.WaitGroup
	var done atomic.Int64
	for range 16 {
		load.Go(func() {
			for {
				err := r.Shard(0).Update(context.Background(), func(tx *Tx) error { return set(tx, "a", "1") })
				if err == ErrClosed {
					return
				}
				if err != nil {
					t.Error(err)
					return
				}
				done.Add(1)
			}
		})
	}
	for done.Load() < 1000 {
		runtime.Gosched()
	}
	r.stop(t)
	load.Wait()
}

func TestTimeGoesOnWhenTheWallClockIsSetBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var c clock
		start := c.now()
		c.last = c.last.Add(time.Hour) // the wall clock now reads an hour less than before
		time.Sleep(time.Minute)
		if got := c.now().Sub(start); got != time.Hour+time.Minute {
			t.Fatalf("a minute later the clock is at %v, want 1h1m", got)
		}
		time.Sleep(2 * time.Hour)
		if got := c.now().Sub(start); got < 2*time.Hour+time.Minute {
			t.Fatalf("the clock is at %v and the wall clock beyond", got)
		}
	})
}

func TestAnAbortedGroupLetsWhoIsParkedLookAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sh := openTest(t, Options{})
		topic, ready := Topic{'t', 1}, time.Now().Add(time.Minute)
		waiter := func() error {
			return sh.Update(t.Context(), func(tx *Tx) error {
				if tx.Now().Before(ready) {
					tx.WakeAt(topic, ready)
					return tx.Wait(topic)
				}
				if tx.Waiting(topic) > 0 { // the rule: whom the alarm wakes wakes the next
					tx.Wake(topic, 1)
				}
				return nil
			})
		}
		done := make(chan error, 3)
		for range 3 {
			go func() { done <- waiter() }()
		}
		synctest.Wait()
		// The alarm rings in a group that breaks, together with whom it woke.
		breaker := make(chan error, 1)
		time.AfterFunc(time.Minute, func() {
			breaker <- sh.Update(t.Context(), func(tx *Tx) error { return errors.Join(set(tx, "a", "1"), errors.New("too late")) })
		})
		answered := 0
		for range 3 {
			if err := <-done; err == nil || errors.Is(err, ErrAborted) {
				answered++
			}
		}
		if err := <-breaker; !errors.Is(err, ErrAborted) {
			t.Fatal(err)
		}
		if answered != 3 || !time.Now().Equal(ready) {
			t.Fatalf("%d of 3 answered by %v", answered, time.Now())
		}
	})
}

func TestAFlusherMayWakeAndWhatItWokeIsFlushedToo(t *testing.T) {
	sh := openTest(t, Options{})
	topic := Topic{'t', 1}
	flushed := 0
	woken := make(chan error)
	go func() {
		woken <- sh.Update(t.Context(), func(tx *Tx) error {
			if _, ok, _ := tx.Get([]byte("flushed")); !ok {
				return tx.Wait(topic)
			}
			tx.BeforeCommit(flusher(func(tx *Tx) error { flushed++; return nil }))
			return set(tx, "seen", "1")
		})
	}()
	for waiting := 0; waiting == 0; {
		_ = sh.Update(t.Context(), func(tx *Tx) error { waiting = tx.Waiting(topic); return nil })
	}
	err := sh.Update(t.Context(), func(tx *Tx) error {
		tx.BeforeCommit(flusher(func(tx *Tx) error {
			flushed++
			tx.Wake(topic, 1)
			return set(tx, "flushed", "1")
		}))
		return nil
	})
	if err2 := <-woken; err != nil || err2 != nil || flushed != 2 {
		t.Fatal(err, err2, flushed)
	}
	if get(t, sh, "seen") != "1" {
		t.Fatal("the woken call's write is gone")
	}
}

type flusher func(tx *Tx) error

func (f flusher) Flush(tx *Tx) error { return f(tx) }
