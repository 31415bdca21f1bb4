package store

import (
	"context"
	"encoding/binary"
	"fmt"
	"sync"
	"time"

	"github.com/cockroachdb/pebble/v2"
)

// A group takes what is waiting, up to these bounds: they keep one record, and
// the wait of the first caller in it, small.
const (
	maxGroupCalls = 4096
	maxGroupBytes = 8 << 20
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

	parking parking   // calls that wait for a topic
	calls   sync.Pool // of *call; the shard's own, so that a synctest bubble keeps its channels

	// Of the writer goroutine alone:
	tx      Tx
	running []*call // taken from the queue, not run yet
	alarms  alarms
	cells   map[any]any
	lastNow time.Time
	commits chan *group
}

// call is one Update.
type call struct {
	fn   func(*Tx) error
	err  error
	done chan struct{} // buffered 1

	// Guarded by parking.mu.
	topic      Topic
	parked     bool
	gone       bool // the caller's context ended: do not park any more
	woken      bool // has been parked and woken: its place is the head of the queue
	prev, next *call
}

// group is a record on its way to durability, and everybody who waits for it.
type group struct {
	batch *pebble.Batch
	wait  func() error // nil where the group wrote nothing
	calls []*call
	after []func()
}

func newShard(s *Store, id uint16, log Log) (*Shard, error) {
	tail, err := log.Tail(context.Background())
	if err != nil {
		return nil, err
	}
	sh := &Shard{
		store: s, log: log, tail: tail, epoch: tail.Epoch + 1,
		nudge:   make(chan struct{}, 1),
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
// started, its outcome is waited for.
func (s *Shard) Update(ctx context.Context, fn func(tx *Tx) error) error {
	c, _ := s.calls.Get().(*call)
	if c == nil {
		c = &call{done: make(chan struct{}, 1)}
	}
	c.fn = fn
	if err := s.submit(c); err != nil {
		return err
	}
	select {
	case <-c.done:
	case <-ctx.Done():
		if s.parking.leave(c) {
			c.err = ErrWaitEnded
		} else {
			<-c.done
		}
	}
	err := c.err
	*c = call{done: c.done}
	s.calls.Put(c)
	return err
}

func (s *Shard) submit(c *call) error {
	s.queueMu.Lock()
	if s.closed {
		s.queueMu.Unlock()
		if err := s.store.Err(); err != nil {
			return err
		}
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

// take swaps the queue for an empty one.
func (s *Shard) take() []*call {
	s.queueMu.Lock()
	defer s.queueMu.Unlock()
	calls := s.queue
	// The caller has run the previous queue to its end.
	s.queue, s.spare = s.spare[:0], calls
	return calls
}

// run is the writer. While one group syncs, the next one runs.
func (s *Shard) run(ctx context.Context) {
	var answering, writing sync.WaitGroup
	answering.Go(s.answer)
	// A goroutine of its own, since a fatal error of Pebble ends it.
	writing.Go(func() { s.write(ctx) })
	writing.Wait()
	close(s.commits)
	answering.Wait()
	s.refuseAll()
}

// write runs groups until ctx ends and the queue is empty, or the store fails.
func (s *Shard) write(ctx context.Context) {
	alarm := time.NewTimer(time.Hour)
	defer alarm.Stop()
	for s.store.Err() == nil {
		s.setAlarm(alarm)
		select {
		case <-s.nudge:
		case <-alarm.C:
		case <-s.store.failed:
			return
		case <-ctx.Done():
			// Whoever comes from here on is refused; who came before is served.
			s.close()
			s.ReleaseParked()
			s.drain()
			return
		}
		s.drain()
	}
}

// drain runs groups until nothing waits and no alarm is due.
func (s *Shard) drain() {
	for s.store.Err() == nil {
		if len(s.running) == 0 {
			s.running = s.take()
		}
		if len(s.running) == 0 && !s.alarms.due(s.clock()) {
			return
		}
		s.runGroup()
	}
}

// clock never goes back, also when the wall clock does.
func (s *Shard) clock() time.Time {
	if now := time.Now().Round(0); now.After(s.lastNow) {
		s.lastNow = now
	}
	return s.lastNow
}

func (s *Shard) setAlarm(t *time.Timer) {
	if at, ok := s.alarms.next(); ok {
		t.Reset(max(0, time.Until(at)))
		return
	}
	t.Reset(time.Hour)
}

func (s *Shard) close() {
	s.queueMu.Lock()
	s.closed = true
	s.queueMu.Unlock()
}

// refuseAll answers whoever is left after the writer has ended.
func (s *Shard) refuseAll() {
	s.close()
	err := s.store.Err()
	if err == nil {
		err = ErrClosed
	}
	for _, c := range s.running {
		c.finish(err)
	}
	for _, c := range s.take() {
		c.finish(err)
	}
	s.ReleaseParked()
}

func (c *call) finish(err error) {
	c.err = err
	c.done <- struct{}{}
}

// runGroup runs waiting calls, and whoever they wake, into one record and
// appends it.
func (s *Shard) runGroup() {
	g := &group{batch: s.store.db.NewIndexedBatch()}
	tx := &s.tx
	tx.begin(g, s.clock())
	handedOver := false
	defer func() {
		if !handedOver { // Pebble's fatal error ends this goroutine
			s.refuse(g, s.store.Err())
		}
	}()
	s.alarms.fire(tx)
	s.runWoken(tx)
	for len(s.running) > 0 && !tx.broken && len(g.calls) < maxGroupCalls && g.batch.Len() < maxGroupBytes {
		c := s.running[0]
		s.running = s.running[1:]
		s.runCall(tx, c)
		s.runWoken(tx)
	}
	tx.flush()
	if tx.broken {
		s.abort(g)
	} else {
		s.commit(g)
	}
	handedOver = true
}

// runWoken runs the parked calls that the last call woke, in the same record.
func (s *Shard) runWoken(tx *Tx) {
	for len(tx.woken) > 0 {
		c := tx.woken[0]
		tx.woken = tx.woken[1:]
		if tx.broken {
			tx.group.calls = append(tx.group.calls, c)
			continue
		}
		s.runCall(tx, c)
	}
}

func (s *Shard) runCall(tx *Tx, c *call) {
	tx.Keep()
	err := tx.try(c.fn)
	wrote := tx.writes != tx.kept
	if err == errWait && !wrote {
		if s.parking.park(c, tx.waitFor) {
			return
		}
		err = ErrWaitEnded
	}
	c.err = err
	tx.group.calls = append(tx.group.calls, c)
	if err != nil && wrote {
		tx.breakGroup(fmt.Errorf("a call wrote and then failed: %w", err))
	}
}

// commit appends the group's record and hands the group to the answerer.
func (s *Shard) commit(g *group) {
	if g.batch.Empty() {
		s.commits <- g
		return
	}
	head := s.tail.follow(s.epoch, g.batch.Repr())
	// An error of a batch on its own is one of memory; Pebble has none.
	_ = g.batch.Set(logHeadKey(0), head.append(nil), nil)
	wait, err := s.log.Append(Record{Head: head, batch: g.batch})
	if err != nil {
		s.store.fail(fmt.Errorf("append to the log: %w", err))
		s.refuse(g, s.store.Err())
		return
	}
	s.tail = head
	g.wait = wait
	s.commits <- g
}

// abort throws away the group and all memory that it may have changed.
func (s *Shard) abort(g *group) {
	s.store.logger.Error("group aborted: nothing of it was written", "error", s.tx.cause, "calls", len(g.calls))
	clear(s.cells)
	_ = g.batch.Close()
	s.refuse(g, ErrAborted)
}

// refuse answers a group that did not become durable.
func (s *Shard) refuse(g *group, err error) {
	for _, c := range g.calls {
		c.finish(err)
	}
	g.calls = nil
}

// answer waits for groups in order and answers their calls.
func (s *Shard) answer() {
	for g := range s.commits {
		if g.wait != nil {
			if err := g.wait(); err != nil {
				s.store.fail(fmt.Errorf("sync the log: %w", err))
			}
		}
		if err := s.store.Err(); err != nil {
			s.refuse(g, err)
			continue
		}
		_ = g.batch.Close()
		for _, f := range g.after {
			f()
		}
		for _, c := range g.calls {
			c.done <- struct{}{}
		}
	}
}
