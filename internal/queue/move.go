package queue

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/timer"
)

// Errors of move tasks.
var (
	ErrMoveActive     = errors.New("a move task of this queue is running")
	ErrMoveNotFound   = errors.New("move task does not exist")
	ErrMoveNotRunning = errors.New("move task is not running")
	ErrNotDeadLetter  = errors.New("queue is not the dead-letter queue of any other")
)

// MoveStatus is the state of a MoveTask.
type MoveStatus string

// The statuses. A task ends as completed, cancelled or failed.
const (
	MoveRunning    MoveStatus = "running"
	MoveCancelling MoveStatus = "cancelling"
	MoveCompleted  MoveStatus = "completed"
	MoveCancelled  MoveStatus = "cancelled"
	MoveFailed     MoveStatus = "failed"
)

func (s MoveStatus) active() bool { return s == MoveRunning || s == MoveCancelling }

// Reasons why a task failed.
const (
	MoveNoSource      = "CouldNotDetermineMessageSource"
	MoveNoDestination = "DestinationQueueDoesNotExist"
	MoveSourceGone    = "SourceQueueDoesNotExist"
)

// MoveTask moves what is ready in a dead-letter queue to Destination, or back
// to where each message came from.
type MoveTask struct {
	Number      uint64     `json:"number"`
	ID          string     `json:"id"`
	Source      Name       `json:"source"`
	Destination *Name      `json:"destination,omitempty"`
	Rate        int        `json:"rate,omitempty"` // messages a second; 0: as fast as it goes
	Status      MoveStatus `json:"status"`
	StartedAt   time.Time  `json:"startedAt"`
	Moved       int        `json:"moved"`
	ToMove      int        `json:"toMove"` // when the task started
	Failure     string     `json:"failure,omitempty"`
	PacedAt     time.Time  `json:"pacedAt"` // up to here the rate is used up
}

// A step moves at most moveStep messages; steps of a task with a rate are
// moveEvery apart.
const (
	moveStep  = 500
	moveEvery = 100 * time.Millisecond
	keepMoves = 10 // tasks remembered for each queue
)

// moves are the tasks of a shard, newest last.
type moves struct {
	tasks []*MoveTask
	last  uint64
}

func (m *moves) load(tx *store.Tx) error {
	var failed error
	err := tx.Scan([]byte{store.SpaceQueueMove}, []byte{store.SpaceQueueMove + 1}, func(_, v []byte) bool {
		t := &MoveTask{}
		if failed = json.Unmarshal(v, t); failed == nil {
			m.tasks = append(m.tasks, t)
			m.last = t.Number
		}
		return failed == nil
	})
	if err == nil {
		err = failed
	}
	if err != nil {
		return fmt.Errorf("load move tasks: %w", err)
	}
	return nil
}

func (t *MoveTask) key() []byte {
	return binary.BigEndian.AppendUint64([]byte{store.SpaceQueueMove}, t.Number)
}

func (t *MoveTask) save(tx *store.Tx) error {
	v, err := json.Marshal(t)
	if err != nil {
		return err
	}
	return tx.Set(t.key(), v)
}

// StartMove starts a task. ErrMoveActive if source has one running.
func StartMove(tx *store.Tx, id string, source, dest *Queue, rate int) (MoveTask, error) {
	m, err := memories.In(tx)
	if err != nil {
		return MoveTask{}, err
	}
	for _, t := range m.moves.tasks {
		if t.Source == source.name && t.Status.active() {
			return MoveTask{}, fmt.Errorf("move from %s: %w", source.name.Name, ErrMoveActive)
		}
	}
	if names, err := Sources(tx, source); err != nil || len(names) == 0 {
		return MoveTask{}, errors.Join(err, fmt.Errorf("move from %s: %w", source.name.Name, ErrNotDeadLetter))
	}
	counts, err := source.Counts(tx)
	if err != nil {
		return MoveTask{}, err
	}
	t := &MoveTask{
		Number: m.moves.last + 1, ID: id, Source: source.name, Rate: rate,
		Status: MoveRunning, StartedAt: tx.Now(), ToMove: counts.Ready,
	}
	if rate > 0 {
		t.PacedAt = tx.Now().Add(-time.Second / time.Duration(rate)) // the first goes at once
	}
	if dest != nil {
		t.Destination = &dest.name
	}
	if err := m.moves.forgetOld(tx, source.name); err != nil {
		return MoveTask{}, err
	}
	m.moves.last = t.Number
	m.moves.tasks = append(m.moves.tasks, t)
	if err := t.save(tx); err != nil {
		return MoveTask{}, err
	}
	return *t, timer.Set(tx, timer.QueueMove, tx.Now(), t.key()[1:])
}

func (m *moves) forgetOld(tx *store.Tx, source Name) error {
	n := 0
	for i := len(m.tasks) - 1; i >= 0; i-- {
		if t := m.tasks[i]; t.Source == source {
			if n++; n >= keepMoves && !t.Status.active() {
				m.tasks = slices.Delete(m.tasks, i, i+1)
				if err := tx.Delete(t.key()); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// forget drops the tasks of a deleted queue; one that runs fails at its next step.
func (m *moves) forget(tx *store.Tx, source Name) error {
	var gone []*MoveTask
	m.tasks = slices.DeleteFunc(m.tasks, func(t *MoveTask) bool {
		if t.Source == source && !t.Status.active() {
			gone = append(gone, t)
			return true
		}
		return false
	})
	for _, t := range gone {
		if err := tx.Delete(t.key()); err != nil {
			return err
		}
	}
	return nil
}

// CancelMove stops a running task; what it has moved stays moved.
func CancelMove(tx *store.Tx, id string) (MoveTask, error) {
	m, err := memories.In(tx)
	if err != nil {
		return MoveTask{}, err
	}
	for _, t := range m.moves.tasks {
		if t.ID != id {
			continue
		}
		if t.Status != MoveRunning {
			return MoveTask{}, ErrMoveNotRunning
		}
		t.Status = MoveCancelling
		return *t, t.save(tx)
	}
	return MoveTask{}, ErrMoveNotFound
}

// Moves are the tasks of a queue, newest first.
func Moves(tx *store.Tx, source *Queue, limit int) ([]MoveTask, error) {
	m, err := memories.In(tx)
	if err != nil {
		return nil, err
	}
	var tasks []MoveTask
	for i := len(m.moves.tasks) - 1; i >= 0 && len(tasks) < limit; i-- {
		if t := m.moves.tasks[i]; t.Source == source.name {
			tasks = append(tasks, *t)
		}
	}
	return tasks, nil
}

// StepMove is the handler of timer.QueueMove.
func StepMove(tx *store.Tx, _ time.Time, ref []byte) error {
	m, err := memories.In(tx)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(m.moves.tasks, func(t *MoveTask) bool { return slices.Equal(t.key()[1:], ref) })
	if i < 0 || !m.moves.tasks[i].Status.active() {
		return nil
	}
	t := m.moves.tasks[i]
	if t.Status == MoveCancelling {
		t.Status = MoveCancelled
		return t.save(tx)
	}
	if err := t.step(tx); err != nil {
		return fmt.Errorf("move from %s: %w", t.Source.Name, err)
	}
	if err := t.save(tx); err != nil || !t.Status.active() {
		return err
	}
	next := tx.Now()
	if t.Rate > 0 {
		next = next.Add(moveEvery)
	}
	return timer.Set(tx, timer.QueueMove, next, ref)
}

// step moves as many messages as the rate allows by now.
func (t *MoveTask) step(tx *store.Tx) error {
	source, err := Find(tx, t.Source)
	if errors.Is(err, ErrNotFound) {
		t.Status, t.Failure = MoveFailed, MoveSourceGone
		return nil
	}
	if err != nil {
		return err
	}
	quota := moveStep
	if t.Rate > 0 {
		quota = min(quota, t.allowance(tx.Now()))
	}
	if quota <= 0 {
		return nil
	}
	if err := source.settle(tx); err != nil {
		return err
	}
	r := receiver{q: source, max: quota}
	r.divert = func(tx *store.Tx, seq uint64, s state, m *Message) error {
		if err := t.move(tx, source, seq, s, m); err != nil {
			return err
		}
		r.max--
		r.halted = t.Status == MoveFailed
		return nil
	}
	if err := r.run(tx); err != nil {
		return err
	}
	if t.Status == MoveRunning && !r.full() {
		t.Status = MoveCompleted
	}
	return nil
}

// allowance is how many messages the rate allows by now. What was not used for
// long, because the task could not run, is not made up for.
func (t *MoveTask) allowance(now time.Time) int {
	elapsed := now.Sub(t.PacedAt)
	if elapsed > 3*moveEvery && elapsed > time.Second/time.Duration(t.Rate) {
		elapsed = max(3*moveEvery, time.Second/time.Duration(t.Rate))
		t.PacedAt = now.Add(-elapsed)
	}
	n := elapsed * time.Duration(t.Rate) / time.Second
	t.PacedAt = t.PacedAt.Add(n * time.Second / time.Duration(t.Rate))
	return int(n)
}

// move puts one message where it goes, or back and fails the task.
func (t *MoveTask) move(tx *store.Tx, source *Queue, seq uint64, s state, m *Message) error {
	target := t.Destination
	if target == nil {
		target = m.Source
	}
	if target == nil || t.Status == MoveFailed {
		return t.fail(tx, source, seq, s, MoveNoSource)
	}
	dest, err := Find(tx, *target)
	if errors.Is(err, ErrNotFound) || err == nil && dest.settings.Config.FIFO != source.settings.Config.FIFO {
		return t.fail(tx, source, seq, s, MoveNoDestination)
	}
	if err != nil {
		return err
	}
	if err := dest.load(tx); err != nil {
		return err
	}
	if err := source.drop(tx, seq, s); err != nil {
		return err
	}
	// A moved message is a new one, with an id and an age of its own.
	sum := sha256.Sum256(binary.BigEndian.AppendUint64(append([]byte(t.ID), m.ID[:]...), seq))
	m.ID = [16]byte(sum[:16])
	m.ID[6], m.ID[8] = m.ID[6]&0x0f|0x40, m.ID[8]&0x3f|0x80
	d := NewDraft(DraftInput{
		ID: m.ID, Body: m.Body, Sum: m.Sum, Attributes: m.Attributes, Sender: m.Sender, Trace: m.Trace, Group: m.Group, Dedup: m.Dedup,
	})
	stampSentAt(d.record, tx.Now())
	t.Moved++
	_, err = dest.put(tx, d.record, m.Group, 0)
	return err
}

func (t *MoveTask) fail(tx *store.Tx, source *Queue, seq uint64, s state, why string) error {
	if t.Status != MoveFailed {
		t.Status, t.Failure = MoveFailed, why
	}
	return source.putBack(tx, seq, s)
}

// putBack makes a message ready again that was taken from its index.
func (q *Queue) putBack(tx *store.Tx, seq uint64, s state) error {
	if s.group != "" {
		return q.queueAgain(tx, seq, s)
	}
	// In flight for an instant: the cursor may stand at now, and what is written
	// behind it is found only because its flight ends.
	if err := q.takeOff(tx, seq, s, 0); err != nil {
		return err
	}
	q.watch(tx)
	return nil
}
