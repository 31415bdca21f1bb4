package bench

import (
	"bytes"
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

// journeys is sqs-end-to-end and events-end-to-end: messages, or events that
// a rule sends to the queue, are sent at a rate while long polls wait for them.
// One that could not be sent at its time counts from that time, so that a slow
// answer does not hide the wait of those behind it (pacer). A message's number is the instant it was sent, in nanoseconds
// since the session began, and no two are equal.
type journeys struct {
	o     Options
	url   string
	start time.Time
	last  atomic.Int64 // the number given last

	events *puts  // of events-end-to-end
	mark   []byte // what stands before the number in a body; nil: nothing

	mu    sync.Mutex
	fate  map[uint64]fate // of every message
	open  int64           // acknowledged, and not there yet
	again int64
}

// fate is what is known of a message. It may arrive before it is acknowledged.
type fate uint8

const (
	acknowledged fate = 1 << iota
	arrived
)

func openEndToEnd(ctx context.Context, o Options) (session, error) {
	url, err := createQueue(ctx, o.Target)
	if err != nil {
		return nil, err
	}
	if o.Rate == 0 {
		o.Rate = 1000
	}
	o.Batch = fillBatch
	return &journeys{o: o, url: url, start: time.Now(), fate: map[uint64]fate{}}, nil
}

// eventMark is what stands before the number in an event that is written as a
// string: the detail's begin, as putBody has it.
var eventMark = []byte(`{\"text\":\"`)

func openEventsEndToEnd(ctx context.Context, o Options) (session, error) {
	if o.Rate == 0 {
		o.Rate = 1000
	}
	o.Queues, o.Batch = 1, 1
	opened, err := openPutEvents(ctx, o)
	events, _ := opened.(*puts)
	if events == nil {
		return nil, err
	}
	o.Batch = fillBatch // of what is received
	s := &journeys{o: o, start: time.Now(), fate: map[uint64]fate{}, events: events, mark: eventMark}
	if len(events.urls) > 0 {
		s.url = events.urls[0]
	}
	return s, err
}

// settle is how long the long polls get to be waiting before messages come.
const settle = 200 * time.Millisecond

func (s *journeys) measure(ctx context.Context, _ Target, d time.Duration, rec *recorder) error {
	waiting, stop := context.WithCancel(ctx)
	var consumers sync.WaitGroup
	defer consumers.Wait()
	defer stop()
	for range s.o.Connections {
		consumers.Go(func() { s.consume(waiting, rec) })
	}
	sleep(ctx, settle)
	err := load(ctx, s.o, d, rec, rec.acknowledged, func(int) step { return s.sendStep() })
	for until := time.Now().Add(s.o.Patience); s.underway() > 0 && time.Now().Before(until) && ctx.Err() == nil; {
		sleep(ctx, 5*time.Millisecond)
	}
	return err
}

// sendStep sends one message and keeps note of it.
func (s *journeys) sendStep() step {
	r := newRequest(s.o.Target, sqsOperation("SendMessage"))
	body, message := sendBody(s.o, s.url)
	if s.events != nil {
		r = newRequest(s.o.Target, eventsOperation("PutEvents"))
		var messages [][]byte
		body, messages = s.events.putBody()
		message = messages[0]
	}
	return func(ctx context.Context, c *conn, began time.Time) (int, error) {
		id := s.number(began)
		write(message, id)
		got, err := c.success(ctx, r, body)
		if err != nil {
			return 0, err
		}
		if s.events != nil && !bytes.Contains(got, eventID) {
			return 0, fmt.Errorf("%w: %w", errPartial, r.refused(200, got))
		}
		s.sent(id)
		return 1, nil
	}
}

// number is the instant's number, or the one after the last.
func (s *journeys) number(now time.Time) uint64 {
	for {
		last := s.last.Load()
		n := max(int64(now.Sub(s.start)), last+1)
		if s.last.CompareAndSwap(last, n) {
			return uint64(n)
		}
	}
}

// consume is one consumer: it waits, receives, deletes.
func (s *journeys) consume(ctx context.Context, rec *recorder) {
	c := &conn{target: s.o.Target}
	defer c.close()
	const longest = 20 // seconds, the most that SQS allows
	cycle := newCycle(s.o, s.url, longest)
	cycle.mark = s.mark
	came := func(id uint64) { s.came(id, rec) }
	for ctx.Err() == nil {
		if _, err := cycle.run(ctx, c, came); err != nil && ctx.Err() == nil {
			rec.failed(err)
			sleep(ctx, pause)
		}
	}
}

func (s *journeys) sent(id uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fate[id]&arrived == 0 {
		s.open++
	}
	s.fate[id] |= acknowledged
}

func (s *journeys) came(id uint64, rec *recorder) {
	took := time.Since(s.start) - time.Duration(id)
	if s.isNew(id) {
		rec.done(took, 0, 1)
	}
}

// isNew notes that a message arrived, and says whether it had not before.
func (s *journeys) isNew(id uint64) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	before := s.fate[id]
	if before&arrived != 0 || id > uint64(s.last.Load()) {
		s.again++
		return false
	}
	if before&acknowledged != 0 {
		s.open--
	}
	s.fate[id] |= arrived
	return true
}

func (s *journeys) underway() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.open
}

func (s *journeys) close(ctx context.Context, rec *recorder) error {
	rec.lost(s.underway(), s.again)
	if s.events != nil {
		return s.events.close(ctx, rec)
	}
	return deleteQueue(ctx, s.o.Target, s.url)
}
