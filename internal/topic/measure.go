package topic

import (
	"github.com/carillon-events/carillon/internal/delivery"
	"github.com/carillon-events/carillon/internal/meter"
	"github.com/carillon-events/carillon/internal/store"
)

// Measure has messages counted by topic in book. Call it before the first
// Publish.
func (c *Core) Measure(book *meter.Book) { c.book = book }

// meterOf has the counters of a topic that there is.
func (c *Core) meterOf(n Name) *meter.Topic {
	if c.book == nil {
		return nil
	}
	if m, ok := c.meters.Load(n); ok {
		return m.(*meter.Topic)
	}
	m := c.book.Topic(meter.TopicKey(n))
	c.meters.Store(n, m)
	return m
}

// unmeasured drops the counters of a topic that is deleted.
func (c *Core) unmeasured(tx *store.Tx, n Name) {
	if c.book == nil {
		return
	}
	tx.AfterCommit(func() {
		c.meters.Delete(n)
		c.book.ForgetTopic(meter.TopicKey(n))
	})
}

// ends are how deliveries end.
var ends = map[delivery.Outcome]meter.End{
	delivery.Delivered: meter.Arrived, delivery.DeadLettered: meter.DeadLettered, delivery.Dropped: meter.Dropped,
}

// observe counts an attempt at a delivery that was not made at once.
func (c *Core) observe(tx *store.Tx, n Name, r *delivery.Report) {
	m := c.meterOf(n)
	if m == nil {
		return
	}
	end, over := ends[r.Outcome]
	retry := r.Retry > 0
	tx.AfterCommit(func() {
		if retry {
			m.Retried()
		}
		if over {
			m.Ended(end)
		}
	})
}
