package queue

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/timer"
	"github.com/cockroachdb/pebble/v2/vfs"
)

// node is a store with its timers, which a test can restart.
type node struct {
	t    testing.TB
	fs   vfs.FS
	sh   *store.Shard
	stop func()
}

func start(t testing.TB) *node {
	n := &node{t: t, fs: vfs.NewMem()}
	n.open()
	t.Cleanup(func() { n.stop() })
	return n
}

func (n *node) open() {
	quiet := slog.New(slog.NewTextHandler(io.Discard, nil))
	s, err := store.Open("data", store.Options{FS: n.fs, Logger: quiet})
	if err != nil {
		n.t.Fatal(err)
	}
	n.sh = s.Shard(0)
	ctx, cancel := context.WithCancel(context.Background())
	loop := &timer.Loop{Shard: n.sh, Logger: quiet, Handlers: map[timer.Kind]timer.Handler{
		timer.QueueSweep: Sweep, timer.QueueMove: StepMove, timer.QueueClear: DropLeftovers,
	}}
	ran := make(chan error, 2)
	go func() { ran <- s.Run(ctx) }()
	go func() { ran <- loop.Run(ctx) }()
	n.stop = func() {
		cancel()
		if err := errors.Join(<-ran, <-ran, s.Close()); err != nil {
			n.t.Error(err)
		}
	}
}

func (n *node) restart() {
	n.stop()
	n.open()
}

func (n *node) update(fn func(tx *store.Tx) error) {
	n.t.Helper()
	if err := n.sh.Update(context.Background(), fn); err != nil {
		n.t.Fatal(err)
	}
}

func named(s string) Name { return Name{"000000000000", "us-east-1", s} }

var standard = Config{HideFor: 30 * time.Second, RetainFor: 4 * 24 * time.Hour}

func (n *node) create(name string, c Config) {
	n.t.Helper()
	n.update(func(tx *store.Tx) error { return Create(tx, named(name), Settings{Config: c}) })
}

func (n *node) on(name string, fn func(tx *store.Tx, q *Queue) error) {
	n.t.Helper()
	n.update(func(tx *store.Tx) error {
		q, err := Find(tx, named(name))
		if err != nil {
			return err
		}
		return fn(tx, q)
	})
}

func (n *node) send(name string, in DraftInput) (sent Sent) {
	n.t.Helper()
	d := NewDraft(in)
	n.on(name, func(tx *store.Tx, q *Queue) (err error) {
		sent, err = Send(tx, q, d)
		return err
	})
	return sent
}

func (n *node) receive(name string, max int) (got []Message) {
	n.t.Helper()
	n.on(name, func(tx *store.Tx, q *Queue) (err error) {
		got, err = Receive(tx, q, ReceiveInput{Max: max})
		return err
	})
	return got
}

func (n *node) want(name string, max int, bodies ...string) []Message {
	n.t.Helper()
	got := n.receive(name, max)
	if fmt.Sprint(bodiesOf(got)) != fmt.Sprint(bodies) {
		n.t.Fatalf("received %v, want %v", bodiesOf(got), bodies)
	}
	return got
}

func bodiesOf(ms []Message) []string {
	var bodies []string
	for _, m := range ms {
		bodies = append(bodies, m.Body)
	}
	return bodies
}

func (n *node) delete(name string, ms ...Message) {
	n.t.Helper()
	for _, m := range ms {
		n.on(name, func(tx *store.Tx, q *Queue) error { return DeleteMessage(tx, q, m.Receipt) })
	}
}

func (n *node) counts(name string) (c Counts) {
	n.t.Helper()
	n.on(name, func(tx *store.Tx, q *Queue) (err error) {
		c, err = q.Counts(tx)
		return err
	})
	return c
}

func body(s string) DraftInput { return DraftInput{Body: s} }

func TestAMessageIsHiddenThenComesBackUntilItIsDeleted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := start(t)
		n.create("q", standard)
		n.send("q", body("a"))
		n.want("q", 10, "a")
		n.want("q", 10)
		if c := n.counts("q"); c != (Counts{InFlight: 1}) {
			t.Fatal(c)
		}
		time.Sleep(30 * time.Second)
		if c := n.counts("q"); c != (Counts{Ready: 1}) {
			t.Fatal(c)
		}
		n.restart()
		m := n.want("q", 10, "a")
		if m[0].Receives != 2 {
			t.Fatalf("receives = %d", m[0].Receives)
		}
		n.restart()
		n.want("q", 10)
		n.delete("q", m...)
		time.Sleep(time.Minute)
		n.want("q", 10)
		if c := n.counts("q"); c != (Counts{}) {
			t.Fatal(c)
		}
	})
}

func TestADelayedMessageComesWhenItsDelayEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := start(t)
		n.create("q", standard)
		n.send("q", DraftInput{Body: "late", Delay: 10 * time.Second, HasDelay: true})
		n.send("q", DraftInput{Body: "group", Group: "g", Delay: 10 * time.Second, HasDelay: true})
		n.send("q", body("now"))
		if c := n.counts("q"); c != (Counts{Ready: 1, Delayed: 2}) {
			t.Fatal(c)
		}
		n.want("q", 10, "now")
		n.restart()
		time.Sleep(10 * time.Second)
		if c := n.counts("q"); c != (Counts{Ready: 2, InFlight: 1}) {
			t.Fatal(c)
		}
		if got := n.receive("q", 10); len(got) != 2 {
			t.Fatal(bodiesOf(got))
		}
	})
}

func TestAFIFOGroupIsLockedWhileAMessageOfItIsInFlight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := start(t)
		c := standard
		c.FIFO, c.ContentDedup = true, true
		n.create("q", c)
		for _, m := range []string{"a1", "a2", "b1", "a3", "b2"} {
			n.send("q", DraftInput{Body: m, Group: m[:1]})
		}
		a := n.want("q", 2, "a1", "a2")
		n.want("q", 1, "b1")
		n.want("q", 10)
		n.delete("q", a[1])
		n.want("q", 10) // a1 is still out
		n.restart()
		n.want("q", 10)
		time.Sleep(30 * time.Second)
		n.want("q", 10, "a1", "a3", "b1", "b2")
	})
}

func TestARepeatIsAcknowledgedOnceWithinFiveMinutes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := start(t)
		c := standard
		c.FIFO = true
		n.create("q", c)
		first := n.send("q", DraftInput{ID: [16]byte{1}, Body: "x", Group: "g", Dedup: "d"})
		time.Sleep(DedupFor - time.Second)
		n.restart()
		if again := n.send("q", DraftInput{ID: [16]byte{2}, Body: "y", Group: "g", Dedup: "d"}); again.ID != first.ID || again.Seq != first.Seq || !again.Duplicate {
			t.Fatal(again)
		}
		time.Sleep(time.Second)
		if later := n.send("q", DraftInput{ID: [16]byte{3}, Body: "z", Group: "g", Dedup: "d"}); later.Duplicate {
			t.Fatal(later)
		}
		n.want("q", 10, "x", "z")
	})
}

func TestAQuietTenantDoesNotWaitBehindALoudOne(t *testing.T) {
	n := start(t)
	n.create("q", standard)
	for i := range 1000 {
		n.send("q", DraftInput{Body: fmt.Sprint("loud ", i), Group: "loud"})
	}
	n.receive("q", 10)
	n.send("q", DraftInput{Body: "quiet", Group: "quiet"})
	n.send("q", DraftInput{Body: "plain"})
	got := n.receive("q", 6)
	seen := map[string]bool{}
	for _, m := range got {
		seen[m.Body] = true
	}
	if !seen["quiet"] || !seen["plain"] {
		t.Fatalf("received %v", bodiesOf(got))
	}
}

func TestAMessageReceivedTooOftenGoesToTheDeadLetterQueueAndBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := start(t)
		n.create("dead", standard)
		c := standard
		c.DeadLetter = &DeadLetter{Target: named("dead"), MaxReceives: 2}
		n.create("q", c)
		n.send("q", DraftInput{ID: [16]byte{7}, Body: "poison"})
		for range 2 {
			n.want("q", 1, "poison")
			time.Sleep(30 * time.Second)
		}
		n.want("q", 1)
		m := n.want("dead", 1, "poison")[0]
		if m.Source == nil || *m.Source != named("q") || m.ID != [16]byte{7} || m.Receives != 3 {
			t.Fatalf("%+v", m)
		}
		time.Sleep(30 * time.Second)
		n.on("dead", func(tx *store.Tx, q *Queue) error {
			_, err := StartMove(tx, "task", q, nil, 0)
			return err
		})
		time.Sleep(time.Second)
		if m := n.want("q", 1, "poison")[0]; m.Receives != 1 || m.Source != nil {
			t.Errorf("a moved message: %+v", m)
		}
		n.on("dead", func(tx *store.Tx, q *Queue) error {
			tasks, err := Moves(tx, q, 10)
			if len(tasks) != 1 || tasks[0].Status != MoveCompleted || tasks[0].Moved != 1 {
				t.Errorf("%+v", tasks)
			}
			return err
		})
	})
}

func TestMessagesAreForgottenWhenTheyAreTooOld(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := start(t)
		c := standard
		c.RetainFor = time.Minute
		n.create("q", c)
		n.send("q", body("a"))
		n.send("q", DraftInput{Body: "g", Group: "g"})
		time.Sleep(40 * time.Second)
		n.send("q", body("b"))
		n.receive("q", 1)
		time.Sleep(20 * time.Second)
		synctest.Wait()
		if c := n.counts("q"); c != (Counts{Ready: 1}) {
			t.Fatal(c)
		}
		n.want("q", 10, "b")
		time.Sleep(time.Minute)
		if c := n.counts("q"); c != (Counts{}) {
			t.Fatal(c)
		}
	})
}

func TestAWaitingReceiverGetsWhatIsSent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := start(t)
		n.create("q", standard)
		got := make(chan []Message, 3)
		wait := func() {
			var ms []Message
			err := n.sh.Update(t.Context(), func(tx *store.Tx) error {
				q, err := Find(tx, named("q"))
				if err != nil {
					return err
				}
				if ms, err = Receive(tx, q, ReceiveInput{Max: 1}); err == nil && len(ms) == 0 {
					return q.Wait(tx)
				}
				return err
			})
			if err != nil {
				t.Error(err)
			}
			got <- ms
		}
		go wait()
		synctest.Wait()
		n.send("q", body("a"))
		if ms := <-got; ms[0].Body != "a" {
			t.Fatal(bodiesOf(ms))
		}
		// A visibility timeout and a delay that end wake a receiver, too.
		at := time.Now()
		go wait()
		if ms := <-got; ms[0].Body != "a" || time.Since(at) != 30*time.Second {
			t.Fatal(bodiesOf(ms), time.Since(at))
		}
		n.send("q", DraftInput{Body: "b", HasDelay: true, Delay: 5 * time.Second})
		at = time.Now()
		go wait()
		if ms := <-got; ms[0].Body != "b" || time.Since(at) != 5*time.Second {
			t.Fatal(bodiesOf(ms), time.Since(at))
		}
	})
}

func TestAReceiptThatHidesForNoTimeGivesEachMessageOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := start(t)
		n.create("q", standard)
		for range 3 {
			n.send("q", body("a"))
		}
		for i := range 8 {
			time.Sleep(time.Second)
			n.send("q", body("a"))
			n.on("q", func(tx *store.Tx, q *Queue) error {
				q.turn = i // whichever index is looked into first
				got, err := Receive(tx, q, ReceiveInput{Max: 10, HasHideFor: true})
				seen := map[uint64]bool{}
				for _, m := range got {
					if seen[m.Seq] {
						t.Errorf("receipt %d has message %d twice", i, m.Seq)
					}
					seen[m.Seq] = true
				}
				return err
			})
		}
		time.Sleep(time.Second)
		if c := n.counts("q"); c != (Counts{Ready: 11}) {
			t.Fatal(c)
		}
	})
}

func TestADelayedMessageOfAGroupThatHasBeenServedSinceIsNotForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := start(t)
		n.create("q", standard)
		n.send("q", DraftInput{Body: "late", Group: "g", Delay: 10 * time.Second, HasDelay: true})
		for i := range 3 {
			n.send("q", DraftInput{Body: fmt.Sprint(i), Group: "g"})
		}
		n.want("q", 1, "0")
		time.Sleep(10 * time.Second)
		n.restart()
		n.want("q", 10, "1", "2", "late")
	})
}

func TestADelayOfAFIFOQueueHoldsForEachMessageOfAGroup(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := start(t)
		c := standard
		c.FIFO, c.ContentDedup, c.DelayFor = true, true, 10*time.Second
		n.create("q", c)
		n.send("q", DraftInput{Body: "a1", Group: "a"})
		time.Sleep(5 * time.Second)
		n.send("q", DraftInput{Body: "a2", Group: "a"})
		time.Sleep(5 * time.Second)
		n.delete("q", n.want("q", 10, "a1")...)
		w := n.waiter("q")
		start := time.Now()
		if ms := <-w; ms[0].Body != "a2" || time.Since(start) != 5*time.Second {
			t.Fatal(bodiesOf(ms), time.Since(start))
		}
	})
}

func TestThousandsOfFlightsThatEndAtOnceAreSettledInSteps(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := start(t)
		n.create("q", standard)
		const all = 2*maxSettled + 100
		n.on("q", func(tx *store.Tx, q *Queue) error {
			for i := range all {
				if _, err := Send(tx, q, NewDraft(DraftInput{Body: "x", Group: []string{"", "", "a", "b"}[i%4]})); err != nil {
					return err
				}
			}
			return nil
		})
		for got := 0; got < all; {
			got += len(n.receive("q", 1000))
		}
		time.Sleep(30 * time.Second)
		seen := map[uint64]int{}
		for len(seen) < all {
			got := n.receive("q", 1000)
			for _, m := range got {
				if seen[m.Seq]++; seen[m.Seq] > 1 || m.Receives != 2 {
					t.Fatalf("message %d was received %d times", m.Seq, m.Receives)
				}
			}
			if len(got) == 0 {
				t.Fatalf("%d of %d messages came back", len(seen), all)
			}
		}
	})
}

func TestTheBacklogsOfManyQueuesHoldLittleMemoryTogether(t *testing.T) {
	n := start(t)
	const queues = allPagesBytes/(200<<10) + 50
	text := strings.Repeat("x", 100<<10)
	for i := range queues {
		n.create(fmt.Sprint(i), standard)
		n.send(fmt.Sprint(i), body(text))
		n.send(fmt.Sprint(i), body(text))
	}
	held := 0
	n.update(func(tx *store.Tx) error {
		m, err := memories.In(tx)
		held = m.pages
		return err
	})
	if held > allPagesBytes {
		t.Fatalf("pages hold %d bytes", held)
	}
	for i := range queues {
		if got := n.receive(fmt.Sprint(i), 10); len(got) != 2 {
			t.Fatalf("queue %d has %d messages", i, len(got))
		}
	}
	n.on("0", Delete)
	n.update(func(tx *store.Tx) error {
		m, err := memories.In(tx)
		if m.pages != 0 {
			t.Errorf("empty pages hold %d bytes", m.pages)
		}
		return err
	})
}
