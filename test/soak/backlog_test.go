package soak

import (
	"context"
	"crypto/md5"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"os"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/carillon-events/carillon/internal/queue"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/timer"
)

// size is how large a test is: of make soak, of CARILLON_BACKLOG where it is
// set, or small.
func size(t *testing.T, soak, small int) int {
	if s := os.Getenv("CARILLON_BACKLOG"); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil {
			t.Fatalf("CARILLON_BACKLOG=%s is not a number", s)
		}
		return n
	}
	if os.Getenv("CARILLON_SOAK") != "" {
		return soak
	}
	return small
}

// shop is a store on the real disk, with its timers, in this process.
type shop struct {
	t    *testing.T
	dir  string
	sh   *store.Shard
	stop func()
}

func open(t *testing.T, dir string) *shop {
	quiet := slog.New(slog.NewTextHandler(io.Discard, nil))
	s, err := store.Open(dir, store.Options{Logger: quiet})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	loop := &timer.Loop{Shard: s.Shard(0), Logger: quiet, Handlers: map[timer.Kind]timer.Handler{
		timer.QueueSweep: queue.Sweep, timer.QueueMove: queue.StepMove,
	}}
	ran := make(chan error, 2)
	go func() { ran <- s.Run(ctx) }()
	go func() { ran <- loop.Run(ctx) }()
	return &shop{t: t, dir: dir, sh: s.Shard(0), stop: sync.OnceFunc(func() {
		cancel()
		if err := errors.Join(<-ran, <-ran, s.Close()); err != nil {
			t.Error(err)
		}
	})}
}

func named(s string) queue.Name {
	return queue.Name{Account: "000000000000", Region: "us-east-1", Name: s}
}

func (s *shop) create(name string, c queue.Config) {
	s.t.Helper()
	c.HideFor, c.RetainFor = time.Hour, 14*24*time.Hour
	if err := s.sh.Update(s.t.Context(), func(tx *store.Tx) error { return queue.Create(tx, named(name), queue.Settings{Config: c}) }); err != nil {
		s.t.Fatal(err)
	}
}

func (s *shop) on(name string, fn func(tx *store.Tx, q *queue.Queue) error) error {
	return s.sh.Update(context.Background(), func(tx *store.Tx) error {
		q, err := queue.Find(tx, named(name))
		if err != nil {
			return err
		}
		return fn(tx, q)
	})
}

// noise is text that does not compress much.
var noise = func() string {
	r := rand.New(rand.NewPCG(1, 2))
	b := make([]byte, 1<<20)
	for i := range b {
		b[i] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+/"[r.IntN(64)]
	}
	return string(b)
}()

func draft(i int, group string) queue.Draft {
	at := i * 7919 % (len(noise) - 1024)
	text := noise[at : at+1024]
	return queue.NewDraft(queue.DraftInput{Body: text, Sum: md5.Sum([]byte(text)), Sender: "000000000000", Group: group, Dedup: group + strconv.Itoa(i)})
}

func (s *shop) send(name string, from, n int, group func(i int) string) error {
	drafts := make([]queue.Draft, n)
	for i := range drafts {
		drafts[i] = draft(from+i, group(from+i))
	}
	return s.on(name, func(tx *store.Tx, q *queue.Queue) error {
		for _, d := range drafts {
			if _, err := queue.Send(tx, q, d); err != nil {
				return err
			}
		}
		return nil
	})
}

// take receives and deletes up to ten messages.
func (s *shop) take(name string) (int, error) {
	var got []queue.Message
	if err := s.on(name, func(tx *store.Tx, q *queue.Queue) (err error) {
		got, err = queue.Receive(tx, q, queue.ReceiveInput{Max: 10})
		return err
	}); err != nil || len(got) == 0 {
		return 0, err
	}
	return len(got), s.on(name, func(tx *store.Tx, q *queue.Queue) error {
		for _, m := range got {
			if err := queue.DeleteMessage(tx, q, m.Receipt); err != nil {
				return err
			}
		}
		return nil
	})
}

// crowd runs fn in n goroutines until it says no more, and is how often it ran.
func (s *shop) crowd(n int, fn func(turn int) (bool, error)) {
	s.t.Helper()
	var turns atomic.Int64
	var wg sync.WaitGroup
	for range n {
		wg.Go(func() {
			for {
				if more, err := fn(int(turns.Add(1)) - 1); err != nil || !more {
					if err != nil {
						s.t.Error(err)
					}
					return
				}
			}
		})
	}
	wg.Wait()
	if s.t.Failed() {
		s.t.FailNow()
	}
}

func (s *shop) fill(name string, n int, group func(i int) string) time.Duration {
	s.t.Helper()
	start := time.Now()
	s.crowd(16, func(turn int) (bool, error) {
		from := turn * 100
		if from >= n {
			return false, nil
		}
		return true, s.send(name, from, min(100, n-from), group)
	})
	return time.Since(start)
}

// speeds are messages a second: sent one by one, and sent, received and deleted
// by the ten.
func (s *shop) speeds(name string, group func(i int) string, during time.Duration) (sent, cycled float64) {
	var n atomic.Int64
	run := func(fn func(turn int) (int, error)) float64 {
		n.Store(0)
		start := time.Now()
		s.crowd(64, func(turn int) (bool, error) {
			k, err := fn(turn)
			n.Add(int64(k))
			return time.Since(start) < during, err
		})
		return float64(n.Load()) / time.Since(start).Seconds()
	}
	id := rand.IntN(1 << 40)
	cycled = run(func(turn int) (int, error) {
		if err := s.send(name, id+10*turn, 10, group); err != nil {
			return 0, err
		}
		return s.take(name)
	})
	id = rand.IntN(1 << 40)
	sent = run(func(turn int) (int, error) { return 1, s.send(name, id+turn, 1, group) })
	return sent, cycled
}

// rss is the resident memory of this process, in MB, after handing back what is
// garbage.
func rss(t *testing.T) int {
	debug.FreeOSMemory()
	b, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Skip(err)
	}
	_, rest, _ := strings.Cut(string(b), "VmRSS:")
	kb, _, _ := strings.Cut(strings.TrimSpace(rest), " ")
	n, err := strconv.Atoi(kb)
	if err != nil {
		t.Fatal(err)
	}
	return n >> 10
}

func ungrouped(int) string { return "" }

func TestABacklogCostsNeitherMemoryNorSpeed(t *testing.T) {
	n := size(t, 10_000_000, 20_000)
	soak := n > 100_000
	measure := 200 * time.Millisecond
	if soak {
		measure = 5 * time.Second
	}
	dir := t.TempDir()
	s := open(t, dir)
	defer func() { s.stop() }()
	s.create("empty", queue.Config{})
	s.create("full", queue.Config{})
	sent0, cycled0 := s.speeds("empty", ungrouped, measure)
	if err := s.on("empty", queue.Purge); err != nil {
		t.Fatal(err)
	}
	took := s.fill("full", n, ungrouped)
	memory := rss(t)
	t.Logf("%d messages sent in %s (%.0f/s), RSS %d MB", n, took.Round(time.Millisecond), float64(n)/took.Seconds(), memory)
	sent, cycled := s.speeds("full", ungrouped, measure)
	t.Logf("sends/s: %.0f into the empty queue, %.0f into the full; cycles/s: %.0f and %.0f", sent0, sent, cycled0, cycled)
	s.stop()
	start := time.Now()
	s = open(t, dir)
	if got, err := s.take("full"); err != nil || got == 0 {
		t.Fatal(got, err)
	}
	reopened := time.Since(start)
	t.Logf("reopened, received and deleted after %s", reopened.Round(time.Millisecond))
	middle, end := s.drain("full", n)
	t.Logf("drained at %.0f messages/s, at the end %.0f, RSS %d MB", middle, end, rss(t))
	if !soak {
		return // too short to judge speed
	}
	if memory > 500 {
		t.Errorf("RSS is %d MB with %d messages waiting, want at most 500", memory, n)
	}
	if reopened > 3*time.Second {
		t.Errorf("the first message came %s after the store was opened, want 3 s", reopened)
	}
	for _, c := range []struct {
		what         string
		empty, other float64
	}{{"sends", sent0, sent}, {"cycles", cycled0, cycled}} {
		if c.other < 0.8*c.empty {
			t.Errorf("%s: %.0f/s of a full queue, %.0f/s of an empty one", c.what, c.other, c.empty)
		}
	}
	if end < middle/2 {
		t.Errorf("draining slowed down from %.0f to %.0f messages/s", middle, end)
	}
}

// drain empties a queue of n messages, and is the median of the speeds of its
// tenths, and the speed of the last two.
func (s *shop) drain(name string, n int) (middle, end float64) {
	s.t.Helper()
	var taken atomic.Int64
	var mu sync.Mutex
	var marks []time.Time
	marks = append(marks, time.Now())
	tenth := int64(n/10) - 1
	s.crowd(32, func(int) (bool, error) {
		k, err := s.take(name)
		if total := taken.Add(int64(k)); total/tenth != (total-int64(k))/tenth {
			mu.Lock()
			marks = append(marks, time.Now())
			mu.Unlock()
		}
		return k > 0, err
	})
	var speeds []float64
	for i := range marks[1:] {
		speeds = append(speeds, float64(tenth)/marks[i+1].Sub(marks[i]).Seconds())
	}
	s.t.Logf("messages/s by the tenth: %.0f", speeds)
	last := len(marks) - 1
	end = float64(2*tenth) / marks[last].Sub(marks[last-2]).Seconds()
	slices.Sort(speeds)
	return speeds[len(speeds)/2], end
}

func TestAMillionGroupsCostNeitherMemoryNorSpeed(t *testing.T) {
	n := size(t, 1_000_000, 10_000)
	for _, fifo := range []bool{false, true} {
		t.Run(fmt.Sprintf("fifo=%t", fifo), func(t *testing.T) {
			s := open(t, t.TempDir())
			defer func() { s.stop() }()
			s.create("q", queue.Config{FIFO: fifo})
			group := func(i int) string { return "tenant-" + strconv.Itoa(i*7919%n) }
			took := s.fill("q", n, group)
			memory := rss(t)
			t.Logf("%d groups filled in %s, RSS %d MB", n, took.Round(time.Millisecond), memory)
			s.stop()
			start := time.Now()
			s = open(t, s.dir)
			if got, err := s.take("q"); err != nil || got == 0 {
				t.Fatal(got, err)
			}
			t.Logf("reopened after %s", time.Since(start).Round(time.Millisecond))
			middle, end := s.drain("q", n)
			t.Logf("drained at %.0f messages/s, at the end %.0f", middle, end)
			if n > 100_000 && (memory > 500 || end < middle/2) {
				t.Errorf("RSS %d MB, drained at %.0f messages/s, at the end %.0f", memory, middle, end)
			}
		})
	}
}

func TestTenThousandParkedReceiversOfFiveThousandQueues(t *testing.T) {
	queues, waiters := 5000, 10_000
	if os.Getenv("CARILLON_SOAK") == "" {
		queues, waiters = 500, 1000
	}
	s := open(t, t.TempDir())
	defer func() { s.stop() }()
	for i := range queues {
		s.create(strconv.Itoa(i), queue.Config{})
	}
	before := rss(t)
	var parked, served sync.WaitGroup
	for i := range waiters {
		parked.Add(1)
		served.Go(func() {
			first := sync.OnceFunc(parked.Done)
			if err := s.on(strconv.Itoa(i%queues), func(tx *store.Tx, q *queue.Queue) error {
				defer first()
				got, err := queue.Receive(tx, q, queue.ReceiveInput{Max: 1})
				if err == nil && len(got) == 0 {
					return q.Wait(tx)
				}
				return err
			}); err != nil {
				t.Error(err)
			}
		})
	}
	parked.Wait()
	memory := rss(t)
	start := time.Now()
	for i := range waiters {
		if err := s.send(strconv.Itoa(i%queues), i, 1, ungrouped); err != nil {
			t.Fatal(err)
		}
	}
	served.Wait()
	t.Logf("%d queues: RSS %d MB; with %d receivers: %d MB; all served in %s", queues, before, waiters, memory, time.Since(start).Round(time.Millisecond))
	if memory > 400 {
		t.Errorf("RSS is %d MB", memory)
	}
}
