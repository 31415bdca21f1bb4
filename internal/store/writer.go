package store

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"time"
)

// A group takes what is waiting, up to these bounds: they keep one record, and
// the wait of the first caller in it, small.
const (
	maxGroupCalls = 4096
	maxGroupBytes = 8 << 20
)

// After a failure, goroutines may be stuck in Pebble (see guard). Run does not
// wait longer than endGrace for them, and a caller not longer than turnGrace for
// a closure, which may still use what is the caller's.
const (
	endGrace  = 20 * time.Millisecond
	turnGrace = time.Second
)

// run is the writer and the answerer. While one group syncs, the next one runs.
func (s *Shard) run(ctx context.Context) {
	var writing, answering sync.WaitGroup
	answering.Go(s.answer)
	writing.Go(func() { s.write(ctx) })
	ended := make(chan struct{})
	go func() {
		writing.Wait()
		close(s.commits)
		answering.Wait()
		close(ended)
	}()
	select {
	case <-ended:
	case <-s.store.failed:
		select {
		case <-ended:
		case <-time.After(endGrace):
		}
	}
	s.close()
	if s.store.Err() == nil {
		s.refuseAll()
	}
}

// write is the writer's goroutine. Whatever else ends it than its loop is a bug,
// and a failure: a closure's runtime.Goexit, a panic outside closures.
func (s *Shard) write(ctx context.Context) {
	orderly := false
	defer func() {
		switch p := recover(); {
		case p != nil:
			s.store.fail(fmt.Errorf("panic: %v\n%s", p, debug.Stack()))
		case !orderly:
			s.store.fail(errors.New("a closure ended the writer's goroutine"))
		}
	}()
	s.writeUntil(ctx)
	orderly = true
}

// writeUntil runs groups until ctx ends and the queue is empty, or the store
// fails.
func (s *Shard) writeUntil(ctx context.Context) {
	wakeUp := time.NewTimer(time.Hour)
	defer wakeUp.Stop()
	var armed time.Time
	for s.store.Err() == nil {
		armed = s.setAlarm(wakeUp, armed)
		select {
		case <-s.nudge:
		case <-wakeUp.C:
			armed = time.Time{}
		case <-s.store.failed:
			return
		case <-ctx.Done():
			// Whoever comes from here on is refused; who came before is served.
			s.close()
			s.ReleaseParked()
			s.drain(context.Background())
			return
		}
		s.drain(ctx)
	}
}

// setAlarm has t fire at the next alarm, if it is not set so already.
func (s *Shard) setAlarm(t *time.Timer, armed time.Time) time.Time {
	at, ok := s.alarms.next()
	if !ok || at.Equal(armed) {
		return armed
	}
	t.Reset(max(0, at.Sub(s.clock.now())))
	return at
}

// drain runs groups until nothing waits and no alarm is due, or ctx ends, which
// under load comes first.
func (s *Shard) drain(ctx context.Context) {
	for s.store.Err() == nil && ctx.Err() == nil {
		if len(s.running) == 0 {
			s.running = s.take()
		}
		if len(s.running) == 0 && !s.alarms.due(&s.clock) {
			return
		}
		s.runGroup()
	}
}

// runGroup runs waiting calls, and whoever they wake, into one record and
// appends it.
func (s *Shard) runGroup() {
	s.turn <- struct{}{}
	if s.store.Err() != nil { // callers are leaving, and closures are theirs
		<-s.turn
		return
	}
	g := &group{batch: s.store.db.NewIndexedBatch()}
	s.runCalls(g)
	<-s.turn
	if s.tx.broken {
		s.abort(g)
	} else {
		s.commit(g)
	}
}

func (s *Shard) runCalls(g *group) {
	tx := &s.tx
	tx.begin(g, s.clock.now())
	s.alarms.fire(tx)
	s.runWoken(tx)
	for len(s.running) > 0 && !tx.broken && len(g.calls) < maxGroupCalls && g.batch.Len() < maxGroupBytes {
		c := s.running[0]
		s.running = s.running[1:]
		s.runCall(tx, c)
		s.runWoken(tx)
	}
	for len(tx.dirty) > 0 && !tx.broken {
		tx.flush()
		s.runWoken(tx)
	}
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
	if g.batch.Empty() && len(g.calls) == 0 && len(g.after) == 0 { // an alarm for nobody
		_ = g.batch.Close()
		return
	}
	if !g.batch.Empty() {
		head := s.tail.follow(s.epoch, g.batch.Repr())
		// An error of a batch on its own is one of memory; Pebble has none.
		_ = g.batch.Set(logHeadKey(0), head.append(nil), nil)
		if s.store.options.Committed != nil {
			g.at = time.Now()
		}
		wait, err := s.log.Append(Record{Head: head, batch: g.batch})
		if err != nil {
			s.store.fail(fmt.Errorf("append to the log: %w", err))
			return
		}
		s.tail = head
		s.appended.Add(1)
		g.wait = wait
	}
	select {
	case s.commits <- g:
	case <-s.store.failed:
	}
}

// abort throws away the group and all memory that it may have changed.
func (s *Shard) abort(g *group) {
	s.store.logger.Error("group aborted: nothing of it was written", "error", s.tx.cause, "calls", len(g.calls))
	clear(s.cells)
	_ = g.batch.Close()
	for _, c := range g.calls {
		c.finish(ErrAborted)
	}
	// What they wait for was decided with that memory, and alarms of theirs may
	// have rung in this group: they look again.
	s.running = append(s.parking.all(), s.running...)
}

// answer waits for groups in order and answers their calls. It stops at the
// first that is not durable: callers see the failure themselves.
func (s *Shard) answer() {
	for g := range s.commits {
		if g.wait != nil {
			if err := g.wait(); err != nil {
				s.store.fail(fmt.Errorf("sync the log: %w", err))
			}
		}
		if s.store.Err() != nil {
			return
		}
		if !g.at.IsZero() {
			s.store.options.Committed(len(g.calls), time.Since(g.at))
		}
		for _, f := range g.after {
			f()
		}
		for _, c := range g.calls {
			c.done <- struct{}{}
		}
		_ = g.batch.Close() // nobody has to wait for that
	}
}
