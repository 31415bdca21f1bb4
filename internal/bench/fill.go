package bench

import (
	"context"
	"fmt"
	"sync/atomic"

	"golang.org/x/sync/errgroup"
)

// fillers is how many connections put the messages in that a measurement needs
// before it begins.
const fillers = 16

// fillBatch is the most messages that SQS takes in one request.
const fillBatch = 10

// fill sends o.Fill messages numbered base, base+1, …, each exactly once. Any
// failure ends it: what the queue then holds is not known.
func fill(ctx context.Context, o Options, url string, base uint64) error {
	if o.Fill == 0 {
		return nil
	}
	o.Batch = min(fillBatch, maxRequest/(o.Size+200))
	var next atomic.Int64
	g, ctx := errgroup.WithContext(ctx)
	for range fillers {
		g.Go(func() error { return fillFrom(ctx, o, url, base, &next) })
	}
	return g.Wait()
}

// maxRequest is the most that SQS takes in one request.
const maxRequest = 1 << 20

func fillFrom(ctx context.Context, o Options, url string, base uint64, next *atomic.Int64) error {
	c := &conn{target: o.Target}
	defer c.close()
	b := newBatch(o, url)
	for ctx.Err() == nil {
		end := next.Add(int64(o.Batch))
		first := end - int64(o.Batch)
		if first >= int64(o.Fill) {
			return nil
		}
		if end > int64(o.Fill) {
			o.Batch = o.Fill - int(first)
			b = newBatch(o, url)
		}
		b.number(base + uint64(first))
		if _, err := b.send(ctx, c); err != nil {
			return fmt.Errorf("fill the queue: %w", err)
		}
	}
	return ctx.Err()
}
