package store

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"github.com/carillon-events/carillon/internal/seal"
)

// A ledger knows every change in the order of the log, and the last one that
// was acknowledged. What a store holds after a crash must be the changes up to
// some point, whole, and that point must not be before the last acknowledged.
type ledger struct {
	mu      sync.Mutex
	changes []change // changes[i] is number i+1
	acked   uint64

	encryption *Encryption // of the store

	more *sync.Cond // of mu: more is acknowledged, or the work is over; nil: nobody waits
	over bool
}

// A change writes three keys of id, or deletes them.
type change struct {
	id     byte
	delete bool
	size   int
}

var counter = []byte("counter")

func (c change) keys() [3]string {
	return [3]string{fmt.Sprintf("a%d", c.id), fmt.Sprintf("b%d", c.id), fmt.Sprintf("c%d", c.id)}
}

func (c change) value(n uint64) []byte {
	v := make([]byte, 8+c.size)
	binary.BigEndian.PutUint64(v, n)
	return v
}

// apply makes c the next change and returns its number.
func (l *ledger) apply(tx *Tx, c change) (uint64, error) {
	v, ok, err := tx.Get(counter)
	if err != nil {
		return 0, err
	}
	n := uint64(1)
	if ok {
		n = binary.BigEndian.Uint64(v) + 1
	}
	tx.Wake(Topic{'t', 1}, 1)
	err = tx.Set(counter, binary.BigEndian.AppendUint64(nil, n))
	for _, k := range c.keys() {
		if c.delete {
			err = errors.Join(err, tx.Delete([]byte(k)))
		} else {
			err = errors.Join(err, tx.Set([]byte(k), c.value(n)))
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.changes = append(l.changes[:n-1], c)
	return n, err
}

// work makes n random changes, or as many as the store takes.
func (l *ledger) work(sh *Shard, rng *rand.Rand, n int) error {
	for range n {
		c := change{id: byte(rng.IntN(50)), delete: rng.IntN(3) == 0, size: rng.IntN(2000)}
		var number uint64
		err := sh.Update(context.Background(), func(tx *Tx) (err error) {
			number, err = l.apply(tx, c)
			return err
		})
		if err != nil {
			return err
		}
		l.mu.Lock()
		l.acked = max(l.acked, number)
		if l.more != nil {
			l.more.Broadcast()
		}
		l.mu.Unlock()
	}
	return nil
}

func (l *ledger) lastAcked() uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.acked
}

// check opens what a crash left on fs and compares it with the ledger, which
// forgets what did not survive.
func (l *ledger) check(t *testing.T, fs vfs.FS, acked uint64) {
	t.Helper()
	s, err := Open("data", Options{FS: fs, Logger: quiet, Encryption: l.encryption})
	if err != nil {
		t.Fatal("open after the crash:", err)
	}
	defer func() {
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}()
	got := map[string]string{}
	err = s.Shard(0).View(func(v *View) error {
		return v.Scan([]byte("a"), []byte("d"), func(k, v []byte) bool {
			got[string(k)] = string(v)
			return true
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	var survived uint64
	if v, ok := got[string(counter)]; ok {
		survived = binary.BigEndian.Uint64([]byte(v))
	}
	delete(got, string(counter))
	if survived < acked || survived > uint64(len(l.changes)) {
		t.Fatalf("changes up to %d survived; %d were acknowledged and %d made", survived, acked, len(l.changes))
	}
	l.changes, l.acked = l.changes[:survived], min(l.acked, survived)
	if want := l.state(); !maps.Equal(got, want) {
		t.Fatalf("%d keys survived, not the %d that %d changes make", len(got), len(want), survived)
	}
}

func (l *ledger) state() map[string]string {
	state := map[string]string{}
	seen := map[byte]bool{}
	for i, c := range slices.Backward(l.changes) {
		if seen[c.id] {
			continue
		}
		seen[c.id] = true
		for _, k := range c.keys() {
			if !c.delete {
				state[k] = string(c.value(uint64(i + 1)))
			}
		}
	}
	return state
}

// locked is the encryption of the tests that have one.
var locked = &Encryption{Master: seal.Master{1, 2, 3}, Files: true}

// running is a store that runs on fs.
type running struct {
	*Store
	cancel context.CancelFunc
	ran    chan error
}

func start(t *testing.T, fs vfs.FS, d Durability) *running {
	t.Helper()
	return startWith(t, Options{FS: fs, Durability: d})
}

func startWith(t *testing.T, o Options) *running {
	t.Helper()
	o.Logger, o.SyncInterval = quiet, time.Millisecond
	s, err := Open("data", o)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	r := &running{s, cancel, make(chan error, 1)}
	go func() { r.ran <- s.Run(ctx) }()
	return r
}

func (r *running) stop(t *testing.T) {
	t.Helper()
	r.cancel()
	if err := <-r.ran; err != nil {
		t.Fatal(err)
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestWhatWasAcknowledgedSurvivesAPowerLossAndTheRestIsWholeOrAbsent(t *testing.T) {
	for i, unsynced := range []int{0, 30, 70, 100, 0, 30, 70, 100} {
		var e *Encryption
		if i >= 4 {
			e = locked
		}
		t.Run(fmt.Sprintf("%d%% of unsynced data survives, encrypted=%v", unsynced, e != nil), func(t *testing.T) {
			t.Parallel()
			rng := rand.New(rand.NewPCG(1, uint64(unsynced)))
			var fs = vfs.NewCrashableMem()
			l := &ledger{encryption: e}
			inTheMiddle, generation := 0, 0
			for more := generations(t, 25); more(generation); generation++ {
				r := startWith(t, Options{FS: fs, Encryption: e})
				moment := l.lastAcked() + uint64(rng.IntN(200))
				l.more, l.over = sync.NewCond(&l.mu), false
				var workers sync.WaitGroup
				for w := range 4 {
					rng := rand.New(rand.NewPCG(uint64(generation), uint64(w)))
					workers.Go(func() {
						if err := l.work(r.Shard(0), rng, 60); err != nil {
							t.Error(err)
						}
					})
				}
				workers.Go(func() {
					if _, err := r.db.AsyncFlush(); err != nil {
						t.Error(err)
					}
				})
				ended := make(chan struct{})
				go func() {
					defer close(ended)
					workers.Wait()
					l.end()
				}()
				crashed, acked := crashAt(l, fs, moment, unsynced, rng)
				<-ended
				r.stop(t)
				if acked < l.lastAcked() {
					inTheMiddle++
				}
				l.check(t, crashed, acked)
				fs = crashed
			}
			if inTheMiddle < 5 {
				t.Errorf("only %d crashes of %d were in the middle of work", inTheMiddle, generation)
			}
		})
	}
}

// generations says whether there is time for one more crash: there are n, or
// as many as CARILLON_SOAK, a duration, has room for.
func generations(t *testing.T, n int) func(done int) bool {
	t.Helper()
	soak := os.Getenv("CARILLON_SOAK")
	if soak == "" {
		return func(done int) bool { return done < n }
	}
	length, err := time.ParseDuration(soak)
	if err != nil {
		t.Fatal("CARILLON_SOAK:", err)
	}
	end := time.Now().Add(length)
	return func(done int) bool { return done < n || time.Now().Before(end) }
}

// end says that nobody makes changes any more.
func (l *ledger) end() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.over = true
	l.more.Broadcast()
}

// crashAt waits until change number moment is acknowledged, or the work is over,
// and takes what a power loss would leave then.
func crashAt(l *ledger, fs *vfs.MemFS, moment uint64, unsynced int, rng *rand.Rand) (*vfs.MemFS, uint64) {
	l.mu.Lock()
	for l.acked < moment && !l.over {
		l.more.Wait()
	}
	acked := l.acked
	l.mu.Unlock()
	return fs.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: unsynced, RNG: rng}), acked
}

func TestAtTheIntervalLevelAPowerLossCostsTheLastChangesOnly(t *testing.T) {
	rng := rand.New(rand.NewPCG(2, 2))
	fs := vfs.NewCrashableMem()
	l := &ledger{}
	for range 10 {
		r := start(t, fs, Interval)
		if err := l.work(r.Shard(0), rng, 100); err != nil {
			t.Fatal(err)
		}
		crashed := fs.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: 50, RNG: rng})
		r.stop(t)
		orderly := fs.CrashClone(vfs.CrashCloneCfg{})
		full := &ledger{changes: append([]change(nil), l.changes...), acked: l.acked}
		full.check(t, orderly, full.acked) // an orderly end syncs
		l.check(t, crashed, 0)
		fs = crashed
	}
}

// faulty is a file system whose writes fail from the nth on, once armed.
type faulty struct {
	mu     sync.Mutex
	armed  bool
	once   bool // only the nth
	left   int
	writes int
	err    error
}

func (f *faulty) String() string { return "faulty" }

func (f *faulty) MaybeError(op errorfs.Op) error {
	if op.Kind.ReadOrWrite() == errorfs.OpIsRead {
		return nil
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.armed {
		return nil
	}
	f.writes++
	f.left--
	if f.left < 0 && (!f.once || f.left == -1) {
		return f.err
	}
	return nil
}

func (f *faulty) arm(nth int, once bool, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.armed, f.left, f.once, f.err, f.writes = true, nth, once, err, 0
}

func (f *faulty) disarm() (writes int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.armed = false
	return f.writes
}

func TestAFailedWriteStopsTheStoreAndNothingIsHalf(t *testing.T) {
	for _, e := range []*Encryption{nil, locked} {
		writes := failAt(t, e, 1<<30, true) // how many there are to fail
		if writes < 50 {
			t.Fatalf("only %d writes: the test does not reach much", writes)
		}
		for _, once := range []bool{true, false} {
			for nth := range writes {
				t.Run(fmt.Sprintf("write %d, once=%v, encrypted=%v", nth, once, e != nil), func(t *testing.T) {
					t.Parallel()
					failAt(t, e, nth, once)
				})
			}
		}
	}
}

// failAt works on a store whose nth write fails, and checks what is left.
func failAt(t *testing.T, e *Encryption, nth int, once bool) (writes int) {
	fs, fault := vfs.NewCrashableMem(), &faulty{}
	r := startWith(t, Options{FS: errorfs.Wrap(fs, fault), Encryption: e})
	fault.arm(nth, once, syscall.ENOSPC)
	l := &ledger{encryption: e}
	var workers sync.WaitGroup
	errs := make(chan error, 6)
	for w := range 4 {
		workers.Go(func() { errs <- l.work(r.Shard(0), rand.New(rand.NewPCG(3, uint64(w))), 10) })
	}
	workers.Go(func() {
		parked := r.Shard(0).Update(context.Background(), func(tx *Tx) error {
			if _, ok, err := tx.Get(counter); ok || err != nil {
				return err
			}
			return tx.Wait(Topic{'t', 1})
		})
		errs <- parked
	})
	workers.Wait()
	_ = r.unlessFailed(func() error { return r.db.Flush() }) // as when a memtable is full
	if r.Err() == nil {
		errs <- l.work(r.Shard(0), rand.New(rand.NewPCG(3, 9)), 10)
	}
	close(errs)
	for err := range errs {
		if err != nil && !errors.Is(err, ErrFailed) {
			t.Errorf("an update answered %v, want ErrFailed", err)
		}
	}
	if r.Err() == nil {
		writes = fault.disarm()
		r.stop(t)
	} else {
		wantFailed(t, r)
	}
	acked := l.lastAcked()
	after := fs.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: 100, RNG: rand.New(rand.NewPCG(1, 1))})
	for _, left := range []*vfs.MemFS{after, fs.CrashClone(vfs.CrashCloneCfg{})} {
		copied := &ledger{changes: l.changes, acked: l.acked, encryption: e}
		copied.check(t, left, acked)
	}
	return writes
}

func wantFailed(t *testing.T, r *running) {
	t.Helper()
	select {
	case err := <-r.ran:
		if !errors.Is(err, ErrFailed) || !strings.Contains(err.Error(), "the disk is full") {
			t.Errorf("Run returned %v, want a sentence about the full disk", err)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("Run hangs after a failure")
	}
	if err := r.Shard(0).Update(context.Background(), func(*Tx) error { return nil }); !errors.Is(err, ErrFailed) {
		t.Errorf("an update after the failure answered %v", err)
	}
	if err := r.Shard(0).View(func(*View) error { return nil }); !errors.Is(err, ErrFailed) {
		t.Errorf("a view after the failure answered %v", err)
	}
	if err := r.Close(); err != nil {
		t.Error("close:", err)
	}
}

func TestAFailedWriteWhileOpeningOrClosingIsAnErrorAndHarmsNothing(t *testing.T) {
	for _, e := range []*Encryption{nil, locked} {
		failWhileOpening(t, e)
	}
}

func failWhileOpening(t *testing.T, e *Encryption) {
	cycle := func(t *testing.T, fs *vfs.MemFS, fault *faulty, nth int) (writes int) {
		fault.arm(nth, true, syscall.ENOSPC)
		s, err := Open("data", Options{FS: errorfs.Wrap(fs, fault), Logger: quiet, Encryption: e})
		if err == nil {
			err = s.Close()
		}
		if err != nil && !strings.Contains(err.Error(), "ENOSPC") && !strings.Contains(err.Error(), "no space left") {
			t.Errorf("write %d: %v", nth, err)
		}
		return fault.disarm()
	}
	l := &ledger{}
	full := vfs.NewCrashableMem()
	r := startWith(t, Options{FS: full, Encryption: e})
	if err := l.work(r.Shard(0), rand.New(rand.NewPCG(5, 5)), 20); err != nil {
		t.Fatal(err)
	}
	r.stop(t)
	for name, fs := range map[string]*vfs.MemFS{"empty": vfs.NewCrashableMem(), "with data": full} {
		t.Run(fmt.Sprintf("%s, encrypted=%v", name, e != nil), func(t *testing.T) {
			clone := func() *vfs.MemFS { return fs.CrashClone(vfs.CrashCloneCfg{}) }
			writes := cycle(t, clone(), &faulty{}, 1<<30)
			for nth := range writes {
				left := clone()
				cycle(t, left, &faulty{}, nth)
				copied := &ledger{encryption: e}
				if fs == full {
					copied = &ledger{changes: l.changes, acked: l.acked, encryption: e}
				}
				copied.check(t, left.CrashClone(vfs.CrashCloneCfg{}), copied.acked)
			}
		})
	}
}
