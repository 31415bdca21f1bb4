package queue

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/carillon-events/carillon/internal/store"
)

// deadLetters makes a queue, its dead-letter queue, and n messages in that.
func deadLetters(n *node, fifo bool, messages int) {
	n.t.Helper()
	c := standard
	c.FIFO, c.ContentDedup = fifo, fifo
	n.create("dead", c)
	c.DeadLetter = &DeadLetter{Target: named("dead"), MaxReceives: 1}
	n.create("q", c)
	for i := range messages {
		in := DraftInput{Body: string(rune('a'+i%26)) + time.Duration(i).String()}
		if fifo {
			in.Group = in.Body[:1]
		}
		n.send("dead", in)
	}
}

func (n *node) task() (task MoveTask) {
	n.t.Helper()
	n.on("dead", func(tx *store.Tx, q *Queue) error {
		tasks, err := Moves(tx, q, 1)
		if len(tasks) > 0 {
			task = tasks[0]
		}
		return err
	})
	return task
}

func (n *node) startMove(rate int) {
	n.t.Helper()
	n.on("dead", func(tx *store.Tx, q *Queue) error {
		dest, err := Find(tx, named("q"))
		if err != nil {
			return err
		}
		_, err = StartMove(tx, "task", q, dest, rate)
		return err
	})
}

func TestAMoveTaskKeepsItsRateAlsoAfterAPause(t *testing.T) {
	for _, fifo := range []bool{false, true} {
		for _, rate := range []int{1, 7, 500} {
			synctest.Test(t, func(t *testing.T) {
				n := start(t)
				deadLetters(n, fifo, min(4000, 30*rate))
				n.startMove(rate)
				time.Sleep(2 * time.Second)
				first := n.task().Moved
				if first < 2*rate || first > 2*rate+1 {
					t.Errorf("%d messages moved in 2 s, at %d a second", first, rate)
				}
				n.stop()
				time.Sleep(time.Hour)
				n.open()
				time.Sleep(2 * time.Second)
				if moved := n.task().Moved - first; moved < 2*rate-1 || moved > 2*rate+max(1, rate*4/10) {
					t.Errorf("%d messages moved in 2 s after a pause, at %d a second", moved, rate)
				}
			})
		}
	}
}

func TestAMoveTaskThatIsCancelledLeavesTheRest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := start(t)
		deadLetters(n, true, 50)
		n.startMove(10)
		time.Sleep(time.Second)
		n.update(func(tx *store.Tx) error {
			task, err := CancelMove(tx, "task")
			if task.Status != MoveCancelling {
				t.Errorf("status %s", task.Status)
			}
			return err
		})
		time.Sleep(time.Minute)
		task := n.task()
		if task.Status != MoveCancelled || task.ToMove != 50 {
			t.Errorf("%+v", task)
		}
		if q, dead := n.counts("q"), n.counts("dead"); q.Ready != task.Moved || dead.Ready != 50-task.Moved || task.Moved > 12 {
			t.Errorf("%d of %d moved: %+v and %+v", task.Moved, task.ToMove, q, dead)
		}
		n.startMove(0)
		time.Sleep(time.Second)
		if q := n.counts("q"); q.Ready != 50 || n.task().Status != MoveCompleted {
			t.Errorf("%+v %+v", q, n.task())
		}
	})
}

func TestAMoveTaskWithNowhereToGoPutsTheMessageBack(t *testing.T) {
	for _, fifo := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			n := start(t)
			deadLetters(n, fifo, 30) // sent there, not dead lettered: they have no source
			n.on("dead", func(tx *store.Tx, q *Queue) error {
				_, err := StartMove(tx, "task", q, nil, 0)
				return err
			})
			time.Sleep(time.Second)
			if task := n.task(); task.Status != MoveFailed || task.Failure != MoveNoSource || task.Moved != 0 {
				t.Errorf("%+v", task)
			}
			if got := n.receive("dead", 30); fifo && len(got) < 10 || !fifo && len(got) != 30 {
				t.Errorf("%d messages can be received", len(got))
			}
		})
	}
}
