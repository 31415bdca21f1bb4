package bench

import (
	"context"
	"sync"
	"time"
)

// grace is how long an answer may be late after the end of a round, before the
// connection is given up.
const grace = 30 * time.Second

// pause keeps a server that is gone from being dialled without end.
const pause = 20 * time.Millisecond

// step is one request of one connection, and how many messages it moved. began
// is from when its latency counts.
type step func(ctx context.Context, c *conn, began time.Time) (messages int, err error)

// done is told of every step that succeeded.
type done func(took time.Duration, messages int)

// load runs one step after the other on each of o.Connections connections for
// d, or as often as o.Rate says. newStep is called once for each connection,
// before the clock starts.
func load(ctx context.Context, o Options, d time.Duration, rec *recorder, done done, newStep func(i int) step) error {
	ctx, cancel := context.WithTimeout(ctx, d+grace)
	defer cancel()
	conns, err := dialAll(ctx, o.Target, o.Connections)
	defer closeAll(conns)
	if err != nil {
		return err
	}
	steps := make([]step, len(conns))
	for i := range steps {
		steps[i] = newStep(i)
	}
	var wait sync.WaitGroup
	stop := rec.clock()
	start := time.Now()
	for i, c := range conns {
		wait.Go(func() {
			p := pacer{start: start, end: start.Add(d), rate: o.Rate, of: len(conns), next: i}
			repeat(ctx, c, p, steps[i], done, rec.failed)
		})
	}
	wait.Wait()
	stop()
	return context.Cause(ctx)
}

func dialAll(ctx context.Context, t Target, n int) ([]*conn, error) {
	var conns []*conn
	for range n {
		c := &conn{target: t}
		if err := c.dial(ctx); err != nil {
			return conns, err
		}
		conns = append(conns, c)
	}
	return conns, nil
}

func closeAll(conns []*conn) {
	for _, c := range conns {
		c.close()
	}
}

// repeat is one connection's load.
func repeat(ctx context.Context, c *conn, p pacer, s step, done done, failed func(error)) {
	for {
		began, more := p.wait(ctx)
		if !more {
			return
		}
		messages, err := s(ctx, c, began)
		if err != nil {
			if ctx.Err() != nil {
				return
			}
			failed(err)
			sleep(ctx, pause)
			continue
		}
		done(time.Since(began), messages)
	}
}

// pacer says when a connection's next request begins. With a rate, connection
// i of n has the slots i, i+n, i+2n, …
type pacer struct {
	start, end time.Time
	rate       int
	of, next   int
}

// wait answers from when the request's latency counts: from now, or from its
// slot if the connection was still busy then, or a slow answer would hide the
// wait of those behind it. Every slot before the end has its request, however
// late this goroutine wakes up for it: a rate is a promise of how many there are.
func (p *pacer) wait(ctx context.Context) (began time.Time, more bool) {
	now := time.Now()
	if p.rate > 0 {
		slot := p.start.Add(time.Duration(float64(p.next) / float64(p.rate) * float64(time.Second)))
		p.next += p.of
		if !slot.Before(p.end) {
			return now, false
		}
		if !now.Before(slot) {
			return slot, ctx.Err() == nil
		}
		sleep(ctx, slot.Sub(now))
		return time.Now(), ctx.Err() == nil
	}
	return now, now.Before(p.end) && ctx.Err() == nil
}

func sleep(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}
