package bench

import (
	"bytes"
	"context"
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// drains is sqs-receive-delete: the queue is filled, then emptied against the
// clock, again and again. Every message must come exactly once.
type drains struct {
	o      Options
	url    string
	round  uint64          // of filling; the upper half of a message's number
	seen   []atomic.Uint32 // how often each message of this filling came
	left   atomic.Int64    // messages of this filling that did not come yet
	again  atomic.Int64    // messages that came again, or that nobody sent
	newest atomic.Int64    // when a message came last, in nanoseconds since start
	start  time.Time
}

func openDrain(ctx context.Context, o Options) (session, error) {
	url, err := createQueue(ctx, o.Target)
	if err != nil {
		return nil, err
	}
	if o.Fill == 0 {
		o.Fill = 100_000
	}
	return &drains{o: o, url: url, start: time.Now()}, nil
}

func (s *drains) measure(ctx context.Context, _ Target, d time.Duration, rec *recorder) error {
	for _, before := rec.so(); ctx.Err() == nil; {
		_, elapsed := rec.so()
		left := d - (elapsed - before)
		if left <= 0 {
			return nil
		}
		if s.left.Load() == 0 {
			if err := s.refill(ctx); err != nil {
				return err
			}
		}
		if err := s.drain(ctx, left, rec); err != nil {
			return err
		}
	}
	return ctx.Err()
}

func (s *drains) refill(ctx context.Context) error {
	s.round++
	s.seen = make([]atomic.Uint32, s.o.Fill)
	if err := fill(ctx, s.o, s.url, s.round<<32); err != nil {
		return err
	}
	s.left.Store(int64(s.o.Fill))
	return nil
}

// drain empties the queue, or as much of it as d allows.
func (s *drains) drain(ctx context.Context, d time.Duration, rec *recorder) error {
	ctx, cancel := context.WithTimeout(ctx, d+grace)
	defer cancel()
	conns, err := dialAll(ctx, s.o.Target, s.o.Connections)
	defer closeAll(conns)
	if err != nil {
		return err
	}
	s.newest.Store(int64(time.Since(s.start)))
	var wait sync.WaitGroup
	stop := rec.clock()
	begin := time.Now()
	for _, c := range conns {
		wait.Go(func() { s.empty(ctx, c, begin.Add(d), rec) })
	}
	wait.Wait()
	stop()
	if left := s.left.Load(); left > 0 && s.gaveUp() {
		s.left.Store(0)
		rec.lost(left, 0)
		rec.failed(fmt.Errorf("%d of %d messages did not come within %s", left, s.o.Fill, s.o.Patience))
	}
	return context.Cause(ctx)
}

func (s *drains) gaveUp() bool {
	return time.Since(s.start)-time.Duration(s.newest.Load()) >= s.o.Patience
}

// empty is one connection's part of a drain.
func (s *drains) empty(ctx context.Context, c *conn, end time.Time, rec *recorder) {
	cycle := newCycle(s.o, s.url, 0)
	for s.left.Load() > 0 && ctx.Err() == nil && time.Now().Before(end) && !s.gaveUp() {
		began := time.Now()
		messages, err := cycle.run(ctx, c, s.came)
		switch {
		case err != nil && ctx.Err() == nil:
			rec.failed(err)
			sleep(ctx, pause)
		case messages > 0:
			rec.done(time.Since(began), 2, messages)
		case err == nil: // the others have what is left
			sleep(ctx, time.Millisecond)
		}
	}
}

// came notes that a message arrived.
func (s *drains) came(id uint64) {
	s.newest.Store(int64(time.Since(s.start)))
	i := id - s.round<<32
	if i >= uint64(len(s.seen)) || s.seen[i].Add(1) > 1 {
		s.again.Add(1)
		return
	}
	s.left.Add(-1)
}

func (s *drains) close(ctx context.Context, rec *recorder) error {
	rec.lost(0, s.again.Load())
	return deleteQueue(ctx, s.o.Target, s.url)
}

// cycle receives a batch and deletes it.
type cycle struct {
	receive, remove *request
	in              []byte // ReceiveMessage's input
	url             []byte // quoted
	out             []byte // DeleteMessageBatch's input
	mark            []byte // what stands before a message's number; nil: nothing
}

// newCycle makes a cycle that waits up to so many seconds for messages.
func newCycle(o Options, url string, wait int) *cycle {
	quoted := strconv.AppendQuote(nil, url)
	return &cycle{
		receive: newRequest(o.Target, sqsOperation("ReceiveMessage")),
		remove:  newRequest(o.Target, sqsOperation("DeleteMessageBatch")),
		in:      fmt.Appendf(nil, `{"QueueUrl":%s,"MaxNumberOfMessages":%d,"WaitTimeSeconds":%d}`, quoted, o.Batch, wait),
		url:     quoted,
	}
}

// run does one cycle; came is told of every message before it is deleted.
func (y *cycle) run(ctx context.Context, c *conn, came func(id uint64)) (messages int, err error) {
	got, err := c.success(ctx, y.receive, y.in)
	if err != nil {
		return 0, err
	}
	y.out = append(append(append(y.out[:0], `{"QueueUrl":`...), y.url...), `,"Entries":[`...)
	messages, err = y.entries(got, came)
	if messages == 0 || err != nil {
		return 0, err
	}
	got, err = c.success(ctx, y.remove, append(y.out, "]}"...))
	if err != nil {
		return 0, err
	}
	if failed(got) {
		return 0, fmt.Errorf("%w: %w", errPartial, y.remove.refused(200, got))
	}
	return messages, nil
}

var (
	bodyMember   = []byte(`"Body"`)
	handleMember = []byte(`"ReceiptHandle"`)
)

// entries appends an entry for every message in the answer. Body and handle
// stand in an order of the server's choice, but each once in a message.
func (y *cycle) entries(answer []byte, came func(id uint64)) (n int, err error) {
	bodies, handles := answer, answer
	for {
		handle, rest, ok := member(handles, handleMember)
		if !ok {
			return n, nil
		}
		handles = rest
		body, rest, ok := member(bodies, bodyMember)
		if !ok {
			return n, fmt.Errorf("a message without a body: %w", y.receive.refused(200, answer))
		}
		bodies = rest
		if y.mark != nil {
			_, body, _ = bytes.Cut(body, y.mark)
		}
		id, ok := readID(body)
		if !ok {
			return n, fmt.Errorf("a message that bench did not send: %w", y.receive.refused(200, answer))
		}
		came(id)
		if n > 0 {
			y.out = append(y.out, ',')
		}
		y.out = append(strconv.AppendInt(append(y.out, `{"Id":"`...), int64(n), 10), `","ReceiptHandle":"`...)
		y.out = append(append(y.out, handle...), `"}`...)
		n++
	}
}
