package bus

import (
	"context"
	"errors"

	"github.com/carillon-events/carillon/internal/store"
)

// Accept puts a batch on a shard, in one transaction. Events are matched on the
// caller's goroutine; only if rules change faster than that, on the shard's
// writer.
func (c *Core) Accept(ctx context.Context, shard *store.Shard, b *Batch) error {
	const patience = 3
	for try := 1; ; try++ {
		err := shard.Update(ctx, func(tx *store.Tx) error { return c.Put(tx, b, try > patience) })
		if errors.Is(err, ErrStale) {
			c.Refresh(b)
			continue
		}
		if err == nil {
			c.Learn(b)
		}
		return err
	}
}
