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
