package timer

import (
	"context"
	"encoding/binary"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/store/storetest"
)

// run runs a loop on s until stop.
func run(t *testing.T, s *storetest.Store, handlers map[Kind]Handler) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	l := &Loop{Shard: s.Shard, Handlers: handlers, Logger: slog.New(slog.DiscardHandler)}
	ran := make(chan error)
	go func() { ran <- l.Run(ctx) }()
	stopped := false
	stop = func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		if err := <-ran; err != nil {
			t.Error(err)
		}
	}
	t.Cleanup(stop)
	return stop
}

func update(t *testing.T, s *storetest.Store, fn func(tx *store.Tx) error) {
	t.Helper()
	if err := s.Update(context.Background(), fn); err != nil {
		t.Fatal(err)
	}
}

func setAt(t *testing.T, s *storetest.Store, at time.Time, refs ...string) {
	t.Helper()
	update(t, s, func(tx *store.Tx) error {
		for _, ref := range refs {
			if err := Set(tx, QueueSweep, at, []byte(ref)); err != nil {
				return err
			}
		}
		return nil
	})
}

// fired notes in the store when a timer fired: key x{ref}, value the times.
func note(tx *store.Tx, _ time.Time, ref []byte) error {
	key := append([]byte("x"), ref...)
	v, _, err := tx.Get(key)
	if err != nil {
		return err
	}
	return tx.Set(key, binary.BigEndian.AppendUint64(v, uint64(tx.Now().UnixNano())))
}

// firings are the times that note noted.
func firings(t *testing.T, s *storetest.Store, ref string) []time.Time {
	t.Helper()
	var at []time.Time
	update(t, s, func(tx *store.Tx) error {
		v, _, err := tx.Get([]byte("x" + ref))
		for ; len(v) > 0; v = v[8:] {
			at = append(at, time.Unix(0, int64(binary.BigEndian.Uint64(v))))
		}
		return err
	})
	return at
}

func wantFired(t *testing.T, s *storetest.Store, ref string, want ...time.Time) {
	t.Helper()
	if got := firings(t, s, ref); !slices.EqualFunc(got, want, time.Time.Equal) {
		t.Fatalf("timer %s fired at %v, want %v", ref, got, want)
	}
}

func TestATimerFiresOnceExactlyWhenItIsDue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := storetest.Open(t)
		run(t, s, map[Kind]Handler{QueueSweep: note})
		start := time.Now()
		setAt(t, s, start.Add(time.Hour), "late")
		setAt(t, s, start.Add(time.Minute), "soon")
		setAt(t, s, start.Add(-time.Minute), "overdue")
		synctest.Wait()
		wantFired(t, s, "overdue", start)
		time.Sleep(2 * time.Hour)
		synctest.Wait()
		wantFired(t, s, "overdue", start)
		wantFired(t, s, "soon", start.Add(time.Minute))
		wantFired(t, s, "late", start.Add(time.Hour))
	})
}

func TestACancelledTimerDoesNotFire(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := storetest.Open(t)
		at := time.Now().Add(time.Minute)
		run(t, s, map[Kind]Handler{QueueSweep: func(tx *store.Tx, at time.Time, ref []byte) error {
			// a cancels b, which is due in the same step.
			if string(ref) == "a" {
				if err := Cancel(tx, QueueSweep, at, []byte("b")); err != nil {
					return err
				}
			}
			return note(tx, at, ref)
		}})
		setAt(t, s, at, "a", "b", "c")
		update(t, s, func(tx *store.Tx) error { return Cancel(tx, QueueSweep, at, []byte("c")) })
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		wantFired(t, s, "a", at)
		wantFired(t, s, "b")
		wantFired(t, s, "c")
	})
}

func TestTimersOutliveARestartAndFireLateRatherThanNever(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := storetest.Open(t)
		stop := run(t, s, map[Kind]Handler{QueueSweep: note})
		start := time.Now()
		setAt(t, s, start.Add(time.Minute), "before")
		setAt(t, s, start.Add(time.Hour), "while down")
		setAt(t, s, start.Add(3*time.Hour), "after")
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		stop()
		s.Stop()
		time.Sleep(2 * time.Hour)
		s.Restart()
		up := time.Now()
		run(t, s, map[Kind]Handler{QueueSweep: note})
		time.Sleep(2 * time.Hour)
		synctest.Wait()
		wantFired(t, s, "before", start.Add(time.Minute))
		wantFired(t, s, "while down", up)
		wantFired(t, s, "after", start.Add(3*time.Hour))
	})
}

func TestATimerSetForBeforeTheCursorFiresAsWhenTheClockWasSetBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := storetest.Open(t)
		stop := run(t, s, map[Kind]Handler{QueueSweep: note})
		start := time.Now()
		setAt(t, s, start.Add(time.Hour), "first")
		time.Sleep(2 * time.Hour)
		synctest.Wait()
		wantFired(t, s, "first", start.Add(time.Hour))
		setAt(t, s, start.Add(time.Minute), "behind")
		synctest.Wait()
		wantFired(t, s, "behind", start.Add(2*time.Hour))

		// Also where the cursor is read from disk, and the loop comes later.
		stop()
		s.Restart()
		setAt(t, s, start.Add(time.Second), "behind, on disk")
		s.Restart()
		run(t, s, map[Kind]Handler{QueueSweep: note})
		synctest.Wait()
		wantFired(t, s, "behind, on disk", start.Add(2*time.Hour))
	})
}

func TestAFailingHandlerDelaysItsOwnTimerOnly(t *testing.T) {
	failures := map[string]func(tx *store.Tx) error{
		"error":                func(*store.Tx) error { return errors.New("not now") },
		"error behind a write": func(tx *store.Tx) error { _ = tx.Set([]byte("half"), nil); return errors.New("too late") },
		"panic":                func(*store.Tx) error { panic("bug") },
		"panic behind a write": func(tx *store.Tx) error { _ = tx.Set([]byte("half"), nil); panic("bug") },
		"nobody for this kind": nil,
	}
	for name, fail := range failures {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := storetest.Open(t)
				start := time.Now()
				broken := true
				handlers := map[Kind]Handler{QueueSweep: note}
				if fail != nil {
					handlers[QueueMove] = func(tx *store.Tx, at time.Time, ref []byte) error {
						if !at.Equal(start.Add(time.Minute)) {
							t.Errorf("handler called with %v, want the instant it was set for", at)
						}
						if broken {
							return fail(tx)
						}
						return note(tx, at, ref)
					}
				}
				run(t, s, handlers)
				update(t, s, func(tx *store.Tx) error { return Set(tx, QueueMove, start.Add(time.Minute), []byte("bad")) })
				setAt(t, s, start.Add(time.Minute), "a", "z")
				setAt(t, s, start.Add(5*time.Minute), "later")
				time.Sleep(10 * time.Minute)
				synctest.Wait()
				wantFired(t, s, "a", start.Add(time.Minute))
				wantFired(t, s, "z", start.Add(time.Minute))
				wantFired(t, s, "later", start.Add(5*time.Minute))
				wantFired(t, s, "bad")
				update(t, s, func(tx *store.Tx) error {
					if _, ok, _ := tx.Get([]byte("half")); ok {
						t.Error("half of a failed handler's effect was kept")
					}
					return nil
				})
				update(t, s, func(*store.Tx) error { broken = false; return nil })
				time.Sleep(maxBackoff + time.Second)
				synctest.Wait()
				if got := firings(t, s, "bad"); fail != nil && len(got) != 1 {
					t.Fatalf("the timer fired %d times after its handler was mended, want 1", len(got))
				}
			})
		})
	}
}

func TestAHundredThousandTimersDueAtOnceFireInOrderAndLetOthersThrough(t *testing.T) {
	const total, perUpdate = 100_000, 5_000
	s := storetest.Open(t)
	at := time.Now().Add(-time.Hour)
	for n := 0; n < total; n += perUpdate {
		update(t, s, func(tx *store.Tx) error {
			for i := n; i < n+perUpdate; i++ {
				if err := Set(tx, QueueSweep, at, binary.BigEndian.AppendUint32(nil, uint32(i))); err != nil {
					return err
				}
			}
			return nil
		})
	}
	begin := make(chan struct{})
	done := make(chan struct{})
	next, others := uint32(0), 0
	run(t, s, map[Kind]Handler{QueueSweep: func(tx *store.Tx, _ time.Time, ref []byte) error {
		if got := binary.BigEndian.Uint32(ref); got != next {
			t.Errorf("timer %d fired, want %d", got, next)
		}
		if next == 0 {
			close(begin)
		}
		if next++; next == total {
			close(done)
		}
		return nil
	}})
	<-begin
	for {
		select {
		case <-done:
			if others < 20 {
				t.Errorf("only %d other updates came through meanwhile", others)
			}
			return
		default:
			update(t, s, func(tx *store.Tx) error { return tx.Set([]byte("other"), nil) })
			others++
		}
	}
}

func TestAHandlerMaySetItsTimerAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := storetest.Open(t)
		start := time.Now()
		run(t, s, map[Kind]Handler{QueueSweep: func(tx *store.Tx, at time.Time, ref []byte) error {
			if at.Before(start.Add(3 * time.Minute)) {
				if err := Set(tx, QueueSweep, at.Add(time.Minute), ref); err != nil {
					return err
				}
			}
			return note(tx, at, ref)
		}})
		setAt(t, s, start.Add(time.Minute), "r")
		time.Sleep(time.Hour)
		synctest.Wait()
		wantFired(t, s, "r", start.Add(time.Minute), start.Add(2*time.Minute), start.Add(3*time.Minute))
	})
}

func TestInstantsThatAKeyCannotHoldAreTheNearestOnesItCan(t *testing.T) {
	for _, at := range []time.Time{{}, time.Unix(0, 0), time.Date(2262, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)} {
		got := keyTime(timerKey(nanos(at), QueueSweep, nil))
		if got.Year() < 1970 || got.Year() > 2262 {
			t.Errorf("%v became %v", at, got)
		}
	}
	if long := strings.Repeat("r", 1000); string(keyRef(timerKey(1, QueueSweep, []byte(long)))) != long {
		t.Error("a long ref was changed")
	}
}
