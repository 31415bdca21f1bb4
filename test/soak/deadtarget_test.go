package soak

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/carillon-events/carillon/internal/arn"
	"github.com/carillon-events/carillon/internal/delivery"
	"github.com/carillon-events/carillon/internal/store"
)

// city is two targets outside the shard: one that answers in a millisecond, and
// one that is dead until it is told to live.
type city struct {
	alive    atomic.Bool
	tries    atomic.Int64 // at the dead one
	revived  atomic.Int64 // deliveries to it since it lives
	mu       sync.Mutex
	sentAt   map[uint64]time.Time
	waited   []time.Duration // of the other's deliveries, from Send to arrival
	expected int
	all      chan struct{} // the expected ones have arrived
}

var (
	deadTarget = arn.ARN{Partition: "aws", Service: "web", Resource: "dead"}
	liveTarget = arn.ARN{Partition: "aws", Service: "web", Resource: "live"}
)

func (c *city) Attempt(ctx context.Context, d *delivery.Delivery) delivery.Answer {
	if d.Target == deadTarget {
		if c.alive.Load() {
			c.revived.Add(1)
			return delivery.Answer{}
		}
		c.tries.Add(1)
		return delivery.Answer{Err: delivery.ErrUnavailable, Says: "connection refused"}
	}
	time.Sleep(time.Millisecond)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.waited = append(c.waited, time.Since(c.sentAt[binary.BigEndian.Uint64(d.Key[8:])]))
	if len(c.waited) == c.expected {
		close(c.all)
	}
	return delivery.Answer{}
}

// measure sends n deliveries to the live target, per second, and has the
// percentiles of how long they took to arrive.
func (c *city) measure(t *testing.T, sh *store.Shard, out *delivery.Outbox, n, perSecond int) (p50, p99 time.Duration) {
	c.mu.Lock()
	c.sentAt, c.waited, c.expected, c.all = map[uint64]time.Time{}, nil, n, make(chan struct{})
	c.mu.Unlock()
	tick := time.NewTicker(time.Second / time.Duration(perSecond))
	defer tick.Stop()
	var wg sync.WaitGroup
	for i := range n {
		<-tick.C
		wg.Go(func() {
			c.mu.Lock()
			c.sentAt[uint64(i)] = time.Now()
			c.mu.Unlock()
			if err := post(t, sh, out, liveTarget, uint64(i), 1); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	select {
	case <-c.all:
	case <-time.After(time.Minute):
		t.Fatalf("%d of %d deliveries to the live target in a minute", len(c.waited), n)
	}
	slices.Sort(c.waited)
	return c.waited[n/2], c.waited[n*99/100]
}

// post sends n deliveries of a kilobyte in one transaction, numbered from a number on.
func post(t *testing.T, sh *store.Shard, out *delivery.Outbox, to arn.ARN, from uint64, n int) error {
	return sh.Update(t.Context(), func(tx *store.Tx) error {
		for i := range uint64(n) {
			d := &delivery.Delivery{
				Source: "arn:aws:events:us-east-1:000000000000:rule/r", TargetID: "t", Target: to,
				Body: []byte(noise[(from+i)%1024 : (from+i)%1024+1024]), AcceptedAt: tx.Now(),
			}
			binary.BigEndian.PutUint64(d.Key[8:], from+i)
			if _, err := out.Send(tx, d); err != nil {
				return err
			}
		}
		return nil
	})
}

func TestADeadTargetsBacklogIsNobodyElsesAffair(t *testing.T) {
	backlog := size(t, 1_000_000, 20_000)
	quiet := slog.New(slog.NewTextHandler(io.Discard, nil))
	s, err := store.Open(t.TempDir(), store.Options{Logger: quiet})
	if err != nil {
		t.Fatal(err)
	}
	c := &city{}
	out := delivery.New(nil, delivery.DefaultPolicy)
	out.Reach("web", c)
	ctx, cancel := context.WithCancel(context.Background())
	storeCtx, stopStore := context.WithCancel(context.Background())
	ran, stored := make(chan error, 1), make(chan error, 1)
	go func() { stored <- s.Run(storeCtx) }()
	go func() { ran <- out.Run(ctx, s.Shard(0), quiet) }()
	defer func() {
		cancel()
		err := <-ran
		stopStore()
		if err := errors.Join(err, <-stored, s.Close()); err != nil {
			t.Error(err)
		}
	}()

	sh, samples := s.Shard(0), min(backlog/40, 5000)
	before50, before := c.measure(t, sh, out, samples, 500)
	memory := inUse()
	for from := 0; from < backlog; from += 1000 {
		if err := post(t, sh, out, deadTarget, uint64(from), min(1000, backlog-from)); err != nil {
			t.Fatal(err)
		}
	}
	with50, with := c.measure(t, sh, out, samples, 500)
	grown := inUse() - memory
	t.Logf("%d wait for the dead target: the other's p50 %v, p99 %v; before %v, %v; %d attempts meanwhile; memory grew by %d KB",
		backlog, with50, with, before50, before, c.tries.Load(), grown>>10)
	// Of a few hundred deliveries beside other tests, the slowest say only how busy
	// the disk is. That nobody waits for the dead target is held without a clock in
	// internal/delivery (TestADeadTargetDelaysNoOther).
	if len(c.waited) >= 5000 && with > 3*before+20*time.Millisecond {
		t.Errorf("p99 of the live target went from %v to %v", before, with)
	}
	if grown > 64<<20 {
		t.Errorf("memory grew by %d MB", grown>>20)
	}

	c.alive.Store(true)
	began := time.Now()
	for c.revived.Load() < int64(backlog) {
		if time.Since(began) > 10*time.Minute {
			t.Fatalf("%d of %d after %v", c.revived.Load(), backlog, time.Since(began))
		}
		<-time.After(10 * time.Millisecond)
	}
	t.Logf("the backlog was delivered in %v, %s a second", time.Since(began).Round(time.Millisecond), fmt.Sprintf("%.0f", float64(backlog)/time.Since(began).Seconds()))
	if again := c.revived.Load() - int64(backlog); again > 0 {
		t.Errorf("%d deliveries came twice, and nothing had failed in between", again)
	}
}

// inUse is the heap after a collection.
func inUse() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapInuse)
}
