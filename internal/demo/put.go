package demo

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"golang.org/x/sync/errgroup"
)

// putters put at the same time, so that the kill finds some at work.
const putters = 4

// put puts every event until it is acknowledged, and kills and restarts the
// server when half of them are.
func (s *story) put(ctx context.Context, bus string, ledger *Ledger) error {
	p := &putting{aws: s.aws, bus: bus, events: s.events, ledger: ledger, half: make(chan struct{})}
	work := make(chan []int)
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error {
		defer close(work)
		for _, batch := range batches(s.events) {
			select {
			case work <- batch:
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		return nil
	})
	for range putters {
		g.Go(func() error {
			for batch := range work {
				if err := p.batch(ctx, batch); err != nil {
					return err
				}
			}
			return nil
		})
	}
	if s.server != nil && s.o.Kill {
		g.Go(func() error { return s.killAndRestart(ctx, p) })
	}
	return g.Wait()
}

// killAndRestart ends the server as a power cut ends a process, and starts it
// on what it left.
func (s *story) killAndRestart(ctx context.Context, p *putting) error {
	select {
	case <-p.half:
	case <-ctx.Done():
		return ctx.Err()
	}
	inFlight, pid := p.inFlight.Load(), s.server.PID()
	if err := s.server.Kill(); err != nil {
		return fmt.Errorf("kill the server: %w", err)
	}
	acked, _ := p.ledger.Totals()
	s.say.step("kill -9 %d after %d acknowledged events, with %d puts in flight", pid, acked, inFlight)
	if err := s.start(ctx, s.server.Endpoint[len("http://"):]); err != nil {
		return err
	}
	s.say.step("restarted on the same directory, ready after %d ms", s.server.Ready.Milliseconds())
	return nil
}

type putting struct {
	aws    *clients
	bus    string
	events []Event
	ledger *Ledger

	inFlight atomic.Int32
	once     sync.Once
	half     chan struct{} // closed when half of the events are acknowledged
}

// again is how soon a put is tried again.
const again = 10 * time.Millisecond

// batch puts a batch until it is acknowledged.
func (p *putting) batch(ctx context.Context, batch []int) error {
	in := p.input(batch)
	for {
		began := p.ledger.Begin()
		p.inFlight.Add(1)
		out, err := p.aws.events.PutEvents(ctx, in)
		p.inFlight.Add(-1)
		if err == nil {
			return p.acknowledged(batch, out, began)
		}
		switch outcomeOf(err) {
		case refused:
			return fmt.Errorf("put events: %w", err)
		case unknown:
			p.ledger.Lose(batch)
		}
		select {
		case <-time.After(again):
		case <-ctx.Done():
			return fmt.Errorf("put events: %w, the last error: %w", ctx.Err(), err)
		}
	}
}

func (p *putting) input(batch []int) *eventbridge.PutEventsInput {
	in := &eventbridge.PutEventsInput{}
	for _, i := range batch {
		e := &p.events[i]
		in.Entries = append(in.Entries, types.PutEventsRequestEntry{
			EventBusName: &p.bus, Source: aws.String(source), DetailType: &e.DetailType, Detail: &e.Detail,
			Resources: []string{delivery(i)},
		})
	}
	return in
}

func (p *putting) acknowledged(batch []int, out *eventbridge.PutEventsOutput, began int) error {
	if len(out.Entries) != len(batch) {
		return fmt.Errorf("put events: %d entries were answered with %d", len(batch), len(out.Entries))
	}
	var ids []string
	for n, e := range out.Entries {
		if e.EventId == nil {
			return fmt.Errorf("put events: the entry of event %d was refused: %s: %s", batch[n], aws.ToString(e.ErrorCode), aws.ToString(e.ErrorMessage))
		}
		ids = append(ids, *e.EventId)
	}
	if acked := p.ledger.Acknowledge(batch, ids, began); 2*acked >= len(p.events) {
		p.once.Do(func() { close(p.half) })
	}
	return nil
}
