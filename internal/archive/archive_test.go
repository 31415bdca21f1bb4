package archive

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/carillon-events/carillon/internal/arn"
	"github.com/carillon-events/carillon/internal/event"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/store/storetest"
	"github.com/carillon-events/carillon/internal/timer"
)

// recorder is a Bus that keeps the ids of the events that it gets, in order, in
// the store, under the replay's name.
type recorder struct{ gone bool }

func (r *recorder) Replay(tx *store.Tx, bus arn.ARN, rules []string, id, trace string, envelope []byte) (bool, error) {
	if r.gone {
		return false, nil
	}
	text := string(envelope)
	_, after, _ := strings.Cut(text, `"id":"`)
	eventID, _, _ := strings.Cut(after, `"`)
	_, after, _ = strings.Cut(text, `"replay-name":"`)
	replay, _, _ := strings.Cut(after, `"`)
	if trace != "trace of "+eventID || !strings.Contains(id, "replay/"+replay+"/") {
		return false, fmt.Errorf("event %s came as %s with trace %s", eventID, id, trace)
	}
	key := []byte("Z" + replay)
	old, _, err := tx.Get(key)
	if err != nil {
		return false, err
	}
	return true, tx.Set(key, append(append(old, eventID...), ' '))
}

// node is archives on a store that can be stopped and opened again.
type node struct {
	t     testing.TB
	s     *storetest.Store
	bus   recorder
	core  *Core
	clock func()
}

func start(t testing.TB) *node { return startOn(t, vfs.NewMem()) }

func startOn(t testing.TB, fs vfs.FS) *node {
	n := &node{t: t, s: storetest.OpenOn(t, fs)}
	n.core = New(&n.bus, Limits{Archives: 2, ActiveReplays: 2})
	n.run()
	t.Cleanup(n.stop)
	return n
}

func (n *node) run() {
	ctx, cancel := context.WithCancel(context.Background())
	loop := &timer.Loop{Shard: n.s.Shard, Logger: slog.New(slog.DiscardHandler), Handlers: map[timer.Kind]timer.Handler{
		timer.ArchiveSweep: Sweep, timer.ArchiveReplay: n.core.StepReplay,
	}}
	ran := make(chan error, 1)
	go func() { ran <- loop.Run(ctx) }()
	n.clock = func() {
		cancel()
		if err := <-ran; err != nil {
			n.t.Error(err)
		}
	}
}

func (n *node) stop() {
	if n.clock != nil {
		n.clock()
		n.clock = nil
	}
	n.s.Stop()
}

func (n *node) restart() { n.restartAfter(0) }

func (n *node) restartAfter(d time.Duration) {
	n.clock()
	n.s.Stop()
	time.Sleep(d)
	n.s.Restart()
	n.run()
}

func (n *node) update(fn func(tx *store.Tx) error) error { return n.s.Update(context.Background(), fn) }

func (n *node) must(fn func(tx *store.Tx) error) {
	n.t.Helper()
	if err := n.update(fn); err != nil {
		n.t.Fatal(err)
	}
}

func named(name string) Name { return Name{"111122223333", "eu-west-1", name} }

var orders = arn.Bus("eu-west-1", "111122223333", "orders")

func (n *node) create(name string, s Settings) (a Archive, err error) {
	err = n.update(func(tx *store.Tx) (err error) {
		a, err = n.core.Create(tx, named(name), orders, s)
		return err
	})
	return a, err
}

// put puts events with these times into an archive; their ids are first, first+1…
func (n *node) put(a Archive, first int, at ...int64) {
	n.t.Helper()
	n.must(func(tx *store.Tx) error {
		for i, at := range at {
			id := fmt.Sprint(first + i)
			e := event.Event{ID: id, Time: time.Unix(at, 0), Detail: `{}`}
			if err := Put(tx, a.Target(), Event{"trace of " + id, e.Append(nil)}); err != nil {
				return err
			}
		}
		return nil
	})
}

func (n *node) startReplay(name, of string, from, to int64, speed float64) error {
	return n.update(func(tx *store.Tx) error {
		_, err := n.core.Start(tx, named(name), Request{
			Archive: named(of), Bus: orders.String(), From: time.Unix(from, 0), To: time.Unix(to, 0), Speed: speed,
		})
		return err
	})
}

func (n *node) replay(name string) (r Replay) {
	n.t.Helper()
	n.must(func(tx *store.Tx) (err error) {
		r, err = GetReplay(tx, named(name))
		return err
	})
	return r
}

// replayed is what the bus got from a replay.
func (n *node) replayed(name string) (ids []string) {
	n.t.Helper()
	n.must(func(tx *store.Tx) error {
		v, _, err := tx.Get([]byte("Z" + name))
		ids = strings.Fields(string(v))
		return err
	})
	return ids
}

// verify checks the invariants.
func (n *node) verify() {
	n.t.Helper()
	err := n.s.View(func(v *store.View) error {
		return Verify(v, func(problem string) { n.t.Error(problem) })
	})
	if err != nil {
		n.t.Fatal(err)
	}
}

func wantIDs(t *testing.T, got []string, want ...int) {
	t.Helper()
	var ids []string
	for _, id := range want {
		ids = append(ids, fmt.Sprint(id))
	}
	if !slices.Equal(got, ids) {
		t.Errorf("replayed %v, want %v", got, ids)
	}
}

func TestASurveyTakesSmallStepsAndNothingThatCameAfterItBegan(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := start(t)
		a, _ := n.create("a", Settings{})
		const events = 2*stepLooks + 5
		n.put(a, 0, make([]int64, events)...)
		var s *Survey
		step := func() (found int, err error) {
			err = n.s.View(func(v *store.View) error {
				if s == nil {
					if s, err = NewSurvey(v, "r", Request{Archive: named("a"), To: time.Unix(9, 0)}); err != nil {
						return err
					}
				}
				e, err := s.Step(v)
				found = len(e)
				return err
			})
			return found, err
		}
		if found, err := step(); err != nil || found != stepLooks || s.Done() {
			t.Fatalf("first step: %d events, done %v, %v", found, s.Done(), err)
		}
		n.put(a, events, 1, 2, 3)
		all := stepLooks
		for !s.Done() {
			found, err := step()
			if err != nil {
				t.Fatal(err)
			}
			all += found
		}
		if all != events {
			t.Errorf("%d events, want %d", all, events)
		}
		s = nil
		if _, err := step(); err != nil {
			t.Fatal(err)
		}
		n.must(func(tx *store.Tx) error { return n.core.Delete(tx, named("a")) })
		if _, err := step(); !errors.Is(err, ErrNotFound) {
			t.Errorf("the archive was deleted: %v", err)
		}
	})
}

func TestAReplayKeepsTheOrderOfTimesAndThenOfArrival(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := start(t)
		a, _ := n.create("a", Settings{})
		n.put(a, 0, 50, 20, 50, -10, 20, 49, 19)
		if err := n.startReplay("r", "a", 20, 50, 0); err != nil {
			t.Fatal(err)
		}
		if err := n.startReplay("all", "a", -1000, 1000, 0); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		wantIDs(t, n.replayed("r"), 1, 4, 5)
		wantIDs(t, n.replayed("all"), 3, 6, 1, 4, 5, 0, 2)
		if r := n.replay("r"); r.State != Completed || r.Replayed != 3 || r.LastReplayedAt.Unix() != 49 {
			t.Errorf("%+v", r)
		}
		n.verify()
	})
}

func TestAReplayWithASpeedTakesItsTimeAlsoOverARestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := start(t)
		a, _ := n.create("a", Settings{})
		n.put(a, 0, 1000, 1060, 1600)
		if err := n.startReplay("r", "a", 0, 2000, 10); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		wantIDs(t, n.replayed("r"), 0)
		time.Sleep(5 * time.Second)
		n.restart()
		wantIDs(t, n.replayed("r"), 0)
		time.Sleep(time.Second)
		synctest.Wait()
		wantIDs(t, n.replayed("r"), 0, 1)
		time.Sleep(54*time.Second - time.Millisecond)
		synctest.Wait()
		wantIDs(t, n.replayed("r"), 0, 1)
		time.Sleep(time.Millisecond)
		synctest.Wait()
		wantIDs(t, n.replayed("r"), 0, 1, 2)
	})
}

func TestACancelledReplayStopsAtOnceThoughItWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := start(t)
		a, _ := n.create("a", Settings{})
		n.put(a, 0, 1000, 9000)
		if err := n.startReplay("r", "a", 0, 10000, 1); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		n.must(func(tx *store.Tx) error { _, err := n.core.Cancel(tx, named("r")); return err })
		synctest.Wait()
		if r := n.replay("r"); r.State != Cancelled || r.EndedAt.IsZero() {
			t.Errorf("%+v", r)
		}
		time.Sleep(10000 * time.Second)
		synctest.Wait()
		wantIDs(t, n.replayed("r"), 0)
	})
}

func TestAReplayFailsWhenItsArchiveOrBusGoes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := start(t)
		a, _ := n.create("a", Settings{})
		n.put(a, 0, 1000, 1100)
		if err := n.startReplay("r", "a", 0, 2000, 1); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		n.must(func(tx *store.Tx) error { return n.core.Delete(tx, named("a")) })
		b, _ := n.create("a", Settings{}) // another of the same name
		n.put(b, 10, 1000, 1100)
		time.Sleep(time.Hour)
		synctest.Wait()
		wantIDs(t, n.replayed("r"), 0)
		if r := n.replay("r"); r.State != Failed || r.Reason != ReasonArchiveGone {
			t.Errorf("%+v", r)
		}
		n.must(func(*store.Tx) error { n.bus.gone = true; return nil })
		if err := n.startReplay("s", "a", 0, 2000, 0); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if r := n.replay("s"); r.State != Failed || r.Reason != ReasonBusGone {
			t.Errorf("%+v", r)
		}
		n.verify()
	})
}

func TestAReplayIsForgottenAfterNinetyDays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := start(t)
		_, _ = n.create("a", Settings{})
		if err := n.startReplay("r", "a", 0, 2000, 0); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		n.restartAfter(keepReplays - time.Second)
		if r := n.replay("r"); r.State != Completed {
			t.Errorf("%+v", r)
		}
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if err := n.startReplay("r", "a", 0, 2000, 0); err != nil {
			t.Error(err)
		}
	})
}

func TestRetentionRemovesWhatIsTooOldAndNothingElse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := start(t)
		a, _ := n.create("a", Settings{RetentionDays: 2})
		keep, _ := n.create("keep", Settings{})
		now := time.Now().Unix()
		times := make([]int64, 2500)
		for i := range times {
			times[i] = now - int64(i%2)*3*86400
		}
		n.put(a, 0, times...)
		n.put(keep, 0, times...)
		wait := func(d time.Duration, want, wantKept uint64) {
			t.Helper()
			time.Sleep(d)
			synctest.Wait()
			n.must(func(tx *store.Tx) error {
				got, err := Get(tx, named("a"))
				other, _ := Get(tx, named("keep"))
				if got.Events != want || other.Events != wantKept || (got.Bytes == 0) != (want == 0) {
					t.Errorf("%d events of %d bytes, %d kept; want %d and %d", got.Events, got.Bytes, other.Events, want, wantKept)
				}
				return err
			})
			n.verify()
		}
		wait(sweepEvery, 1250, 2500)
		n.restart()
		wait(47*time.Hour-time.Second, 1250, 2500)
		wait(sweepEvery+2*time.Second, 0, 2500)
		n.must(func(tx *store.Tx) error { return n.core.Update(tx, named("keep"), Settings{RetentionDays: 3}) })
		wait(time.Second, 0, 1250)
	})
}

// A machine loses power while replays run: they go on, and no event is sent
// twice, left out, or out of order.
func TestAReplayThatIsKilledGoesOnWhereItWas(t *testing.T) {
	halfway := 0
	for seed := range uint64(8) {
		synctest.Test(t, func(t *testing.T) { halfway += surviveKills(t, seed) })
	}
	if halfway == 0 {
		t.Error("no replay was killed in the middle")
	}
}

// surviveKills returns how often the replay was killed in the middle.
func surviveKills(t *testing.T, seed uint64) (halfway int) {
	random := rand.New(rand.NewPCG(seed, 1))
	const events = 1234
	fs := vfs.NewCrashableMem()
	n := startOn(t, fs)
	a, _ := n.create("a", Settings{})
	var want []int
	for id := range events {
		n.put(a, id, int64(id/3))
		want = append(want, id)
	}
	if err := n.startReplay("r", "a", 0, events, 0); err != nil {
		t.Fatal(err)
	}
	for range 4 {
		// Each update of ours has the loop's steps run in between.
		for range random.IntN(5) {
			n.must(func(*store.Tx) error { return nil })
		}
		fs = fs.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: 50 * random.IntN(3), RNG: random})
		n.stop()
		n = startOn(t, fs)
		if got := len(n.replayed("r")); got > 0 && got < events {
			halfway++
		}
	}
	synctest.Wait()
	wantIDs(t, n.replayed("r"), want...)
	if r := n.replay("r"); r.State != Completed || r.Replayed != events {
		t.Errorf("%+v", r)
	}
	n.verify()
	return halfway
}

func FuzzDecodeEvent(f *testing.F) {
	b := make([]byte, Event{"t", []byte("{}")}.size())
	Event{"t", []byte("{}")}.encode(b)
	f.Add(b)
	f.Add([]byte{1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1})
	f.Fuzz(func(t *testing.T, b []byte) {
		e, err := decodeEvent(b)
		if err != nil {
			return
		}
		again := make([]byte, e.size())
		e.encode(again)
		if e2, err := decodeEvent(again); err != nil || e2.Trace != e.Trace || string(e2.Envelope) != string(e.Envelope) {
			t.Fatalf("%+v became %+v, %v", e, e2, err)
		}
	})
}

func FuzzDecodeReplay(f *testing.F) {
	f.Add([]byte("\x01{\"bus\":\"" + orders.String() + "\",\"next\":{\"at\":1,\"seq\":2}}"))
	f.Add(binary.BigEndian.AppendUint64([]byte{1}, 7))
	f.Fuzz(func(_ *testing.T, b []byte) {
		_, _ = decodeReplay(named("r"), b)
		_, _ = decodeCounts(b)
		_, _ = nameOf(b)
		_, _ = placeOf(b)
	})
}
