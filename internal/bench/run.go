package bench

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/carillon-events/carillon/internal/bench/child"
)

// Watch names the processes whose CPU time is reported; 0: none.
type Watch struct{ Server, Echo int }

// maxConnections and the other limits keep a slip of the finger from taking
// the machine with it.
const (
	maxConnections = 20_000
	maxFill        = 1 << 31
	maxRules       = 1_000_000
	maxQueues      = 1_000
)

func (o *Options) check(s scenario) error {
	batch := o.Batch
	if !s.batches {
		batch = 1
	}
	switch {
	case o.Connections < 1 || o.Connections > maxConnections:
		return fmt.Errorf("connections must be from 1 to %d, not %d", maxConnections, o.Connections)
	case o.Duration <= 0:
		return fmt.Errorf("the duration must be more than 0, not %s", o.Duration)
	case o.Size < idLen || o.Size > maxRequest:
		return fmt.Errorf("the size must be from %d to %d bytes, not %d", idLen, maxRequest, o.Size)
	case s.batches && (batch < 1 || batch > fillBatch):
		return fmt.Errorf("a batch has 1 to %d messages, not %d", fillBatch, batch)
	case batch*o.Size > maxRequest:
		return fmt.Errorf("%d messages of %d bytes are more than the %d bytes of one request", batch, o.Size, maxRequest)
	case o.Rate < 0 || o.Fill < 0 || o.Fill >= maxFill:
		return errors.New("the rate and the fill cannot be negative, nor the fill 2^31 or more")
	case o.Rules < 0 || o.Rules > maxRules || o.Queues < 0 || o.Queues > maxQueues:
		return fmt.Errorf("rules must be from 0 to %d and queues from 0 to %d", maxRules, maxQueues)
	case o.Echo != "" && !s.echoes:
		return fmt.Errorf("%s has no echo to be compared with: its answers differ", s.name)
	}
	return nil
}

// Run makes one measurement. A result can come with an error: it then says what
// was measured before.
func Run(ctx context.Context, o Options) (Result, error) {
	sc, err := find(o.Scenario)
	if err != nil {
		return Result{}, err
	}
	if err := o.check(sc); err != nil {
		return Result{}, err
	}
	if err := o.Target.Check(ctx); err != nil {
		return Result{}, err
	}
	if !sc.batches {
		o.Batch = 1
	}
	o.Rounds = max(o.Rounds, 1)
	if o.Patience == 0 {
		o.Patience = 5 * time.Second
	}
	m := &measurement{o: o, server: newRecorder(o.Watch.Server), echo: newRecorder(o.Watch.Echo)}
	err = m.run(ctx, sc)
	return m.result(), err
}

// measurement is a Run under way.
type measurement struct {
	o            Options
	server, echo *recorder
	peakRSS      int64
}

func (m *measurement) run(ctx context.Context, sc scenario) (err error) {
	s, err := sc.open(ctx, m.o)
	if s != nil {
		defer func() { err = errors.Join(err, m.close(ctx, s)) }()
	}
	if err != nil {
		return err
	}
	echo := Target{}
	if m.o.Echo != "" {
		if echo, err = m.openEcho(ctx, s); err != nil {
			return err
		}
	}
	stop := m.progress()
	defer stop()
	each := m.o.Duration / time.Duration(m.o.Rounds)
	for range m.o.Rounds {
		if err := s.measure(ctx, m.o.Target, each, m.server); err != nil {
			return err
		}
		if m.o.Echo == "" {
			continue
		}
		if err := s.measure(ctx, echo, each, m.echo); err != nil {
			return fmt.Errorf("the echo server: %w", err)
		}
	}
	return nil
}

// close runs also when ctx has ended: what was created is to be removed.
func (m *measurement) close(ctx context.Context, s session) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), grace)
	defer cancel()
	if u, ok := child.UsageOf(m.o.Watch.Server); ok {
		m.peakRSS = u.PeakRSS
	}
	if err := s.close(ctx, m.server); err != nil {
		return fmt.Errorf("clean up: %w", err)
	}
	return nil
}

func (m *measurement) openEcho(ctx context.Context, s session) (Target, error) {
	answer, err := s.(sampler).sample(ctx)
	if err != nil {
		return Target{}, err
	}
	t := m.o.Target
	t.Address, t.TLS = m.o.Echo, false
	return t, t.teach(ctx, answer)
}

// progress tells o.Progress about the server every second until stop is called.
func (m *measurement) progress() (stop func()) {
	if m.o.Progress == nil {
		return func() {}
	}
	ended, quit := make(chan struct{}), make(chan struct{})
	begin := time.Now()
	go func() {
		defer close(ended)
		tick := time.NewTicker(time.Second)
		defer tick.Stop()
		for {
			select {
			case <-quit:
				return
			case <-tick.C:
				so, _ := m.server.so()
				m.o.Progress(time.Since(begin), so)
			}
		}
	}()
	return func() { close(quit); <-ended }
}
