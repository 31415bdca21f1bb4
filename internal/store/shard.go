package store

import (
	"context"
	"encoding/binary"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cockroachdb/pebble/v2"
)

// Shard is a range of keys with one writer.
type Shard struct {
	store *Store
	log   Log
	tail  Head
	epoch uint64

	queueMu sync.Mutex
	queue   []*call // waiting to run, in order
	spare   []*call // the writer's previous queue, for reuse
	closed  bool
	nudge   chan struct{} // buffered 1: the queue is not empty

	parking parking       // calls that wait for a topic
	calls   sync.Pool     // of *call; the shard's own, so that a synctest bubble keeps its channels
	turn    chan struct{} // buffered 1, full while closures run
	commits chan *group

	appended atomic.Uint64 // records, since the start

	// Of the writer goroutine alone:
	tx      Tx
	running []*call // taken from the queue, not run yet
	alarms  alarms
	cells   map[any]any
	clock   clock
}

// call is one Update.
type call struct {
	fn   func(*Tx) error
	err  error
	done chan struct{} // buffered 1

	// Guarded by parking.mu.
	topic      Topic
	parked     bool
	gone       bool   // the caller's context ended: do not park any more
	since      uint64 // its place among those who wait; 0 until it was parked
	prev, next *call
}

// group is a record on its way to durability, and everybody who waits for it.
type group struct {
	batch *pebble.Batch
	wait  func() error // nil where the group wrote nothing
	calls []*call
	after []func()
	at    time.Time // when it was appended, if somebody asked to hear of it
}

func newShard(s *Store, id uint16, log Log) (*Shard, error) {
	tail, err := log.Tail(context.Background())
	if err != nil {
		return nil, err
	}
	sh := &Shard{
		store: s, log: log, tail: tail, epoch: tail.Epoch + 1,
		nudge:   make(chan struct{}, 1),
		turn:    make(chan struct{}, 1),
		cells:   map[any]any{},
		commits: make(chan *group), // unbuffered: one group syncs, one more is appended
	}
	sh.parking.topics = map[Topic]*lane{}
	sh.tx = Tx{shard: sh, prefix: binary.BigEndian.AppendUint16(nil, id+1)}
	return sh, nil
}

// Update runs fn on the shard's writer and returns nil when all that fn wrote,
// and all that it could read, is durable.
//
// fn must be deterministic: it reads no clock but tx.Now, no randomness, no
// environment, and starts nothing. It checks first and writes after; the error
// it returns before its first write is returned as it is. It may run more than
// once if it returns Wait, but takes effect once.
//
// ctx ends the wait of a parked call (ErrWaitEnded), nothing else: once fn has
// started, its outcome is waited for. On ErrFailed it is not known whether the
// effect of fn will be there when the store opens again; all of it or none.
func (s *Shard) Update(ctx context.Context, fn func(tx *Tx) error) error {
	c, _ := s.calls.Get().(*call)
	if c == nil {
		c = &call{done: make(chan struct{}, 1)}
	}
	c.fn = fn
	if err := s.submit(c); err != nil {
		return err
	}
	if !s.await(ctx, c) {
		return s.store.Err()
	}
	err := c.err
	*c = call{done: c.done}
	s.calls.Put(c)
	return err
}

func (s *Shard) submit(c *call) error {
	if err := s.store.Err(); err != nil {
		return err
	}
	s.queueMu.Lock()
	if s.closed {
		s.queueMu.Unlock()
		return ErrClosed
	}
	s.queue = append(s.queue, c)
	first := len(s.queue) == 1
	s.queueMu.Unlock()
	if first {
		select {
		case s.nudge <- struct{}{}:
		default:
		}
	}
	return nil
}

// await is true when c has its answer. False: the store failed, and c may be
// stuck with it, but its closure is not running and will not run.
func (s *Shard) await(ctx context.Context, c *call) bool {
	select {
	case <-c.done:
		return true
	case <-s.store.failed:
	case <-ctx.Done():
		if s.parking.leave(c) {
			c.err = ErrWaitEnded
			return true
		}
		select {
		case <-c.done:
			return true
		case <-s.store.failed:
		}
	}
	select {
	case <-c.done: // answered before the failure
		return true
	default:
		s.settle()
		return false
	}
}

// settle waits until no closure is running. None is started after a failure.
// The bound is for one that a broken Pebble has parked.
func (s *Shard) settle() {
	select {
	case s.turn <- struct{}{}:
		<-s.turn
	case <-time.After(turnGrace):
	}
}

// take swaps the queue for an empty one.
func (s *Shard) take() []*call {
	s.queueMu.Lock()
	defer s.queueMu.Unlock()
	calls := s.queue
	// The caller has run the previous queue to its end.
	s.queue, s.spare = s.spare[:0], calls
	return calls
}

func (s *Shard) close() {
	s.queueMu.Lock()
	s.closed = true
	s.queueMu.Unlock()
}

// refuseAll answers whoever is left after the writer has ended in order.
func (s *Shard) refuseAll() {
	for _, c := range append(s.running, s.take()...) {
		c.finish(ErrClosed)
	}
	s.running = nil
	s.ReleaseParked()
}

func (c *call) finish(err error) {
	c.err = err
	c.done <- struct{}{}
}
