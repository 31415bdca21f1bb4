package queue

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/carillon-events/carillon/internal/store"
)

// Nobody sleeps while there is something for them: whatever the receivers and
// the others do, a receiver who does not wait never gets what one who waits
// could have had.
func TestNoReceiverSleepsWhileAMessageIsReady(t *testing.T) {
	seeds := uint64(600)
	if testing.Short() {
		seeds = 100
	}
	for seed := range seeds {
		synctest.Test(t, func(t *testing.T) {
			w := &waits{n: start(t), random: rand.New(rand.NewPCG(seed, 7)), fifo: seed%2 == 1}
			c := standard
			c.FIFO, c.ContentDedup = w.fifo, w.fifo
			if seed%4 == 3 {
				c.DelayFor = 3 * time.Second
			}
			w.n.create("q", c)
			ctx, stop := context.WithCancel(context.Background())
			var receivers sync.WaitGroup
			for range 8 {
				receivers.Go(func() { w.receiver(ctx) })
			}
			for i := range 5 + w.roll(30) {
				w.step(i)
			}
			synctest.Wait()
			w.check(seed) // once only, as it wakes and sets alarms itself
			stop()
			receivers.Wait()
		})
	}
}

type waits struct {
	n    *node
	fifo bool

	mu     sync.Mutex
	random *rand.Rand // guarded by mu
	held   []Message  // guarded by mu
}

func (w *waits) roll(n int) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.random.IntN(n)
}

var fewInFlight = Limits{InFlight: 6, InFlightFIFO: 6}

// receiver waits for messages, some again and again.
func (w *waits) receiver(ctx context.Context) {
	for {
		var got []Message
		most, hide := 1+w.roll(3), time.Duration(1+w.roll(20))*time.Second
		err := w.n.sh.Update(ctx, func(tx *store.Tx) error {
			q, err := Find(tx, named("q"))
			if err != nil {
				return err
			}
			got, err = Receive(tx, q, ReceiveInput{Max: most, HideFor: hide, HasHideFor: true, Limits: fewInFlight})
			if errors.Is(err, ErrInFlightLimit) || err == nil && len(got) == 0 {
				return q.Wait(tx)
			}
			return err
		})
		if errors.Is(err, store.ErrWaitEnded) {
			return
		}
		if err != nil {
			w.n.t.Error(err)
			return
		}
		w.mu.Lock()
		w.held = append(w.held, got...)
		w.mu.Unlock()
		if w.roll(2) == 0 {
			return // and asks for no more
		}
	}
}

func (w *waits) step(i int) {
	on := func(fn func(tx *store.Tx, q *Queue) error) {
		err := w.n.sh.Update(context.Background(), func(tx *store.Tx) error {
			q, err := Find(tx, named("q"))
			if err != nil {
				return err
			}
			return fn(tx, q)
		})
		if err != nil && !errors.Is(err, ErrReceiptStale) && !errors.Is(err, ErrNotInFlight) && !errors.Is(err, ErrMessageGone) {
			w.n.t.Error(err)
		}
	}
	switch w.roll(6) {
	case 0, 1:
		on(func(tx *store.Tx, q *Queue) error {
			for j := range 1 + w.roll(3) {
				in := DraftInput{Body: fmt.Sprint(i, " ", j), Group: []string{"a", "b", ""}[w.roll(3)]}
				if w.fifo && in.Group == "" {
					in.Group = "c"
				}
				if !w.fifo && w.roll(3) == 0 {
					in.HasDelay, in.Delay = true, time.Duration(w.roll(9))*time.Second
				}
				if _, err := Send(tx, q, NewDraft(in)); err != nil {
					return err
				}
			}
			return nil
		})
	case 2:
		time.Sleep(time.Duration(w.roll(5000)) * time.Millisecond)
	case 3, 4:
		if m, ok := w.draw(); ok {
			on(func(tx *store.Tx, q *Queue) error { return DeleteMessage(tx, q, m.Receipt) })
		}
	case 5:
		if m, ok := w.draw(); ok {
			hide := time.Duration(w.roll(4)) * time.Second
			on(func(tx *store.Tx, q *Queue) error { return ChangeVisibility(tx, q, m.Receipt, hide) })
		}
	}
}

func (w *waits) draw() (Message, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.held) == 0 {
		return Message{}, false
	}
	i := w.random.IntN(len(w.held))
	m := w.held[i]
	w.held = append(w.held[:i], w.held[i+1:]...)
	return m, true
}

func (w *waits) check(seed uint64) {
	w.n.t.Helper()
	waiting := 0
	var got []Message
	w.n.on("q", func(tx *store.Tx, q *Queue) error {
		waiting = tx.Waiting(q.topic())
		if waiting == 0 {
			return nil
		}
		var err error
		if got, err = Receive(tx, q, ReceiveInput{Max: 1, Limits: fewInFlight}); errors.Is(err, ErrInFlightLimit) {
			return nil
		}
		return err
	})
	if len(got) > 0 {
		w.n.t.Fatalf("seed %d: %d receivers wait, and %q was there", seed, waiting, got[0].Body)
	}
}

// waiter starts a receiver that waits; what it got comes over the channel.
func (n *node) waiter(name string) <-chan []Message {
	got := make(chan []Message, 1)
	go func() {
		var ms []Message
		err := n.sh.Update(n.t.Context(), func(tx *store.Tx) error {
			q, err := Find(tx, named(name))
			if err != nil {
				return err
			}
			if ms, err = Receive(tx, q, ReceiveInput{Max: 1, Limits: Limits{InFlight: 2, InFlightFIFO: 2}}); err == nil && len(ms) == 0 {
				return q.Wait(tx)
			}
			return err
		})
		if err != nil {
			n.t.Error(err)
		}
		got <- ms
	}()
	synctest.Wait()
	return got
}

func TestAReceiverThatUsesUpAnAlarmLeavesOneForTheNext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := start(t)
		n.create("q", standard)
		n.send("q", body("a"))
		n.want("q", 1, "a")
		first, second := n.waiter("q"), n.waiter("q")
		start := time.Now()
		for i, w := range []<-chan []Message{first, second} {
			if ms := <-w; ms[0].Receives != i+2 || time.Since(start) != time.Duration(i+1)*30*time.Second {
				t.Fatalf("waiter %d got receipt %d after %s", i, ms[0].Receives, time.Since(start))
			}
		}
	})
}

func TestAReceiverIsWokenWhenAVisibilityTimeoutIsShortened(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := start(t)
		n.create("q", standard)
		n.send("q", body("a"))
		m := n.want("q", 1, "a")[0]
		w := n.waiter("q")
		start := time.Now()
		n.on("q", func(tx *store.Tx, q *Queue) error { return ChangeVisibility(tx, q, m.Receipt, 5*time.Second) })
		if <-w; time.Since(start) != 5*time.Second {
			t.Fatal(time.Since(start))
		}
	})
}

func TestAReceiverThatWaitsAtTheLimitIsWokenWhenThereIsRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := start(t)
		c := standard
		c.FIFO, c.ContentDedup = true, true
		n.create("q", c)
		for _, g := range []string{"a", "b", "c"} {
			n.send("q", DraftInput{Body: g, Group: g})
		}
		a := n.want("q", 1, "a")
		n.want("q", 1, "b")
		w := n.waiter("q")
		start := time.Now()
		n.delete("q", a...)
		if ms := <-w; ms[0].Body != "c" || time.Since(start) != 0 {
			t.Fatal(bodiesOf(ms), time.Since(start))
		}
	})
}

func TestAReceiverWaitsOnPastAThousandMessagesThatAreGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := start(t)
		n.create("q", standard)
		var gone []Message
		for range maxMovedAtOnce + 10 {
			n.send("q", body("gone"))
		}
		for len(gone) < maxMovedAtOnce+10 {
			gone = append(gone, n.receive("q", 1000)...)
		}
		n.send("q", body("good"))
		n.want("q", 1, "good")
		time.Sleep(30 * time.Second)
		n.delete("q", gone...) // their places stay until a receiver meets them
		start := time.Now()
		if ms := <-n.waiter("q"); ms[0].Body != "good" || time.Since(start) != 0 {
			t.Fatal(bodiesOf(ms), time.Since(start))
		}
	})
}

func TestWhoWaitsLongestIsServedFirstAlsoAfterBeingWokenForNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := start(t)
		n.create("q", standard)
		served := make(chan string, 4)
		for i := range 4 {
			go func() {
				var got []Message
				if err := n.sh.Update(t.Context(), func(tx *store.Tx) error {
					q, err := Find(tx, named("q"))
					if err != nil {
						return err
					}
					if got, err = Receive(tx, q, ReceiveInput{Max: 10}); err == nil && len(got) == 0 {
						return q.Wait(tx)
					}
					return err
				}); err != nil {
					t.Error(err)
				}
				served <- fmt.Sprint(i, bodiesOf(got))
			}()
			synctest.Wait()
		}
		n.on("q", func(tx *store.Tx, q *Queue) error { // a batch wakes three, and the first takes it all
			for range 3 {
				if _, err := Send(tx, q, NewDraft(body("a"))); err != nil {
					return err
				}
			}
			return nil
		})
		want := []string{"0 [a a a]", "1 [b]", "2 [b]", "3 [b]"}
		for i, w := range want {
			if i > 0 {
				n.send("q", body("b"))
			}
			if got := <-served; got != w {
				t.Fatalf("served %s, want %s", got, w)
			}
		}
	})
}
