package archive

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/carillon-events/carillon/internal/archive"
	"github.com/carillon-events/carillon/internal/arn"
	"github.com/carillon-events/carillon/internal/bus"
	"github.com/carillon-events/carillon/internal/delivery"
	"github.com/carillon-events/carillon/internal/event"
	"github.com/carillon-events/carillon/internal/pattern"
	"github.com/carillon-events/carillon/internal/queue"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/store/storetest"
	targetqueue "github.com/carillon-events/carillon/internal/target/queue"
	"github.com/carillon-events/carillon/internal/timer"
)

const account, region = "111122223333", "eu-west-1"

var (
	onBus  = bus.Name{Account: account, Region: region, Bus: arn.DefaultBus}
	theirs = archive.Name{Account: account, Region: region, Name: "a"}
	fifo   = queue.Name{Account: account, Region: region, Name: "q.fifo"}
)

// node is a bus, archives and queues on one store.
type node struct {
	t     testing.TB
	s     *storetest.Store
	bus   *bus.Core
	keep  *archive.Core
	clock func()
}

func startOn(t testing.TB, fs vfs.FS) *node {
	n := &node{t: t, s: storetest.OpenOn(t, fs)}
	outbox := delivery.New(map[string]delivery.Target{Service: Target{}, targetqueue.Service: targetqueue.Target{}}, delivery.DefaultPolicy)
	n.bus = bus.New(outbox, bus.DefaultLimits)
	n.keep = archive.New(n.bus, archive.DefaultLimits)
	ctx, cancel := context.WithCancel(context.Background())
	loop := &timer.Loop{Shard: n.s.Shard, Logger: slog.New(slog.DiscardHandler), Handlers: map[timer.Kind]timer.Handler{
		timer.ArchiveReplay: n.keep.StepReplay, timer.QueueSweep: queue.Sweep,
	}}
	ran := make(chan error, 1)
	go func() { ran <- loop.Run(ctx) }()
	n.clock = func() {
		cancel()
		if err := <-ran; err != nil {
			t.Error(err)
		}
	}
	t.Cleanup(n.stop)
	return n
}

func (n *node) stop() {
	if n.clock != nil {
		n.clock()
		n.clock = nil
	}
	n.s.Stop()
}

func (n *node) must(fn func(tx *store.Tx) error) {
	n.t.Helper()
	if err := n.s.Update(context.Background(), fn); err != nil {
		n.t.Fatal(err)
	}
}

// archiveAll makes an archive of all events of the bus.
func (n *node) archiveAll() {
	n.t.Helper()
	n.must(func(tx *store.Tx) error {
		a, err := n.keep.Create(tx, theirs, onBus.ARN(), archive.Settings{})
		if err != nil {
			return err
		}
		return n.bus.PutManaged(tx, onBus, bus.Managed{Name: "a", Pattern: `{"replay-name":[{"exists":false}]}`, Target: a.Target()})
	})
}

func (n *node) put(batch *bus.Batch) {
	n.t.Helper()
	n.must(func(tx *store.Tx) error { return n.bus.Put(tx, batch, true) })
}

func (n *node) route() {
	n.t.Helper()
	p, err := pattern.Parse(`{"source":["s"]}`)
	if err != nil {
		n.t.Fatal(err)
	}
	group := "g"
	n.must(func(tx *store.Tx) error {
		if err := queue.Create(tx, fifo, queue.Settings{Config: queue.Config{FIFO: true}}); err != nil {
			return err
		}
		if err := n.bus.PutRule(tx, onBus, bus.Rule{Name: "r", Pattern: `{"source":["s"]}`, State: bus.Enabled, Parsed: p}, nil); err != nil {
			return err
		}
		return n.bus.PutTargets(tx, onBus, "r", []bus.Target{{ID: "t", ARN: arn.Queue(region, account, fifo.Name), GroupID: &group}})
	})
}

// replayed is how many events the replay has sent.
func (n *node) replayed() (events int) {
	n.t.Helper()
	n.must(func(tx *store.Tx) error {
		r, err := archive.GetReplay(tx, archive.Name{Account: account, Region: region, Name: "r"})
		events = int(r.Replayed)
		return err
	})
	return events
}

// drain takes messages out of the queue, ten at a time, until it is empty or
// has been asked so often.
func (n *node) drain(times int) (bodies []string) {
	n.t.Helper()
	for more := true; more && times > 0; times-- {
		n.must(func(tx *store.Tx) error {
			q, err := queue.Find(tx, fifo)
			if err != nil {
				return err
			}
			got, err := queue.Receive(tx, q, queue.ReceiveInput{Max: 10, HideFor: time.Minute, HasHideFor: true})
			if err != nil {
				return err
			}
			more = len(got) > 0
			for _, m := range got {
				bodies = append(bodies, m.Body)
				if err := queue.DeleteMessage(tx, q, m.Receipt); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return bodies
}

func TestADeliveryToAnArchiveThatIsGoneIsRefused(t *testing.T) {
	n := startOn(t, vfs.NewMem())
	n.must(func(tx *store.Tx) error {
		for _, resource := range []string{"7", "0", "x"} {
			d := &delivery.Delivery{Target: arn.ARN{Partition: "aws", Service: Service, Region: region, Account: account, Resource: resource},
				Body: (&event.Event{Detail: `{}`}).Append(nil)}
			if err := (Target{}).Deliver(tx, d, nil); !errors.Is(err, delivery.ErrRefused) {
				t.Errorf("archive %s: %v", resource, err)
			}
		}
		return nil
	})
}

// The whole way, with power losses: events go into an archive, and a replay of
// it into a FIFO queue, where each arrives once and in order.
func TestAReplayIntoAQueueSurvivesPowerLoss(t *testing.T) {
	halfway := 0
	for seed := range uint64(6) {
		synctest.Test(t, func(t *testing.T) { halfway += surviveKills(t, seed) })
	}
	if halfway == 0 {
		t.Error("no replay was killed in the middle")
	}
}

func surviveKills(t *testing.T, seed uint64) (halfway int) {
	random := rand.New(rand.NewPCG(seed, 2))
	fs := vfs.NewCrashableMem()
	n := startOn(t, fs)
	n.archiveAll()
	const events = 2100
	var batch bus.Batch
	for i := range events {
		n.bus.Add(&batch, onBus, &event.Event{ID: fmt.Sprint(i), Source: "s", Time: time.Unix(int64(i/7), 0), Detail: fmt.Sprintf(`{"n":%d}`, i)}, "")
	}
	n.put(&batch)
	n.route() // after the events: the queue has only what the replay sends
	n.must(func(tx *store.Tx) error {
		_, err := n.keep.Start(tx, archive.Name{Account: account, Region: region, Name: "r"}, archive.Request{
			Archive: theirs, Bus: onBus.ARN().String(), From: time.Unix(0, 0), To: time.Unix(events, 0),
		})
		return err
	})
	var got []string
	for range 4 {
		for range random.IntN(3) {
			n.must(func(*store.Tx) error { return nil })
		}
		fs = fs.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: 50 * random.IntN(3), RNG: random})
		n.stop()
		n = startOn(t, fs)
		if done := n.replayed(); done > 0 && done < events {
			halfway++
		}
		got = append(got, n.drain(1)...) // consumers go on, too
	}
	synctest.Wait()
	got = append(got, n.drain(events)...)
	if len(got) != events {
		t.Fatalf("%d events came, want %d", len(got), events)
	}
	for i, body := range got {
		if !strings.HasSuffix(body, fmt.Sprintf(`"detail":{"n":%d},"replay-name":"r"}`, i)) {
			t.Fatalf("at %d came %s", i, body)
		}
	}
	return halfway
}

// BenchmarkArchive puts events of 1 KB, in transactions of ten, on a bus with
// an archive.
func BenchmarkArchive(b *testing.B) {
	n := startOn(b, vfs.NewMem())
	n.archiveAll()
	detail := `{"x":"` + strings.Repeat("x", 850) + `"}`
	for i := 0; b.Loop(); i += 10 {
		var batch bus.Batch
		for j := range 10 {
			n.bus.Add(&batch, onBus, &event.Event{ID: fmt.Sprint(i + j), Source: "s", Time: time.Now(), Detail: detail}, "")
		}
		n.put(&batch)
		n.bus.Learn(&batch)
	}
}
