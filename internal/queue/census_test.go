package queue

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/carillon-events/carillon/internal/store"
)

func (n *node) depth(name string) (d Depth) {
	n.t.Helper()
	n.on(name, func(tx *store.Tx, q *Queue) (err error) {
		d, err = q.Depth(tx)
		return err
	})
	return d
}

func TestACensusNamesTheDeepestQueuesAndCountsTheRest(t *testing.T) {
	n := start(t)
	for i, messages := range []int{2, 0, 5, 1} {
		name := fmt.Sprint("q", i)
		n.create(name, standard)
		for range messages {
			n.send(name, body("x"))
		}
	}
	n.update(func(tx *store.Tx) error {
		c, err := TakeCensus(tx, 2)
		if err != nil {
			return err
		}
		if c.Queues != 4 || c.Messages != 8 || fmt.Sprint(c.Deepest) != fmt.Sprint([]Name{named("q2"), named("q0")}) {
			t.Errorf("%+v", c)
		}
		return nil
	})
}

func TestADepthSaysWhatIsReadyInFlightAndDelayedAndHowLongItWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fifo := standard
		fifo.FIFO = true
		for name, c := range map[string]Config{"plain": standard, "orders.fifo": fifo} {
			n := start(t)
			n.create(name, c)
			if d := n.depth(name); d != (Depth{}) {
				t.Errorf("%s, empty: %+v", name, d)
			}
			for i := range 3 {
				d := DraftInput{Body: "x"}
				if c.FIFO {
					d.Group, d.Dedup = fmt.Sprint("g", i), fmt.Sprint(i)
				}
				n.send(name, d)
				time.Sleep(time.Minute)
			}
			n.receive(name, 1)
			if !c.FIFO {
				n.send(name, DraftInput{Body: "later", Delay: time.Minute, HasDelay: true})
			}
			for _, again := range []bool{false, true} {
				want := Counts{Ready: 2, InFlight: 1}
				if !c.FIFO {
					want.Delayed = 1
				}
				d := n.depth(name)
				if d.Counts != want || time.Since(d.OldestAt).Round(time.Second) != 2*time.Minute {
					t.Errorf("%s, restarted %t: %+v, oldest for %s", name, again, d.Counts, time.Since(d.OldestAt))
				}
				if !again {
					n.restart()
				}
			}
			n.stop()
			n.stop = func() {}
		}
	})
}
