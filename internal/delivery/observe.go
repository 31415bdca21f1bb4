package delivery

import (
	"context"
	"time"

	"github.com/carillon-events/carillon/internal/meter"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/trace"
)

// Follower hears what becomes of the deliveries whose traces are recorded, once
// it is durable.
type Follower interface {
	// Sent is told what Send came to. d is its own copy.
	Sent(d *Delivery, r Result)
	// Tried is told of an attempt from the outbox.
	Tried(r *Report)
}

// observation is who counts and follows deliveries; its zero value nobody.
type observation struct {
	meters   *meter.Book
	tracer   *trace.Tracer
	follower Follower
}

// Measure has deliveries counted in book. Call it before the first Send.
func (o *Outbox) Measure(book *meter.Book) { o.meters = book }

// Meters is where deliveries are counted; nil: nowhere.
func (o *Outbox) Meters() *meter.Book { return o.meters }

// Trace has the deliveries that t wants take a span of their own along, and f
// hear of them. Call it before the first Prepare.
func (o *Outbox) Trace(t *trace.Tracer, f Follower) { o.tracer, o.follower = t, f }

// applies counts a delivery that Send applied.
func (o *Outbox) applies(tx *store.Tx, d *Delivery) {
	o.counts.delivered.Add(1)
	d.Meter.Delivered()
	o.sent(tx, d, Result{Outcome: Delivered})
}

// keeps counts a delivery that is kept in the outbox. How many wait is counted
// after the commit, since it must not drift.
func (o *Outbox) keeps(tx *store.Tx, d *Delivery) {
	o.counts.kept.Add(1)
	m := d.Meter
	if m == nil {
		m = o.meters.Waiting(d.Source, d.TargetID)
	}
	if m != nil {
		tx.AfterCommit(m.Kept)
	}
}

func (o *Outbox) sent(tx *store.Tx, d *Delivery, r Result) {
	if o.follower == nil || !trace.Followed(d.Trace) {
		return
	}
	seen := *d
	tx.AfterCommit(func() { o.follower.Sent(&seen, r) })
}

// observe counts an attempt from the outbox.
func (o *Outbox) observe(tx *store.Tx, r *Report) {
	d := r.Delivery
	// Who sees it counted may rely on its span being there.
	if o.follower != nil && trace.Followed(d.Trace) {
		seen := *r
		tx.AfterCommit(func() { o.follower.Tried(&seen) })
	}
	if o.meters != nil {
		m, age := o.meters.Waiting(d.Source, d.TargetID), tx.Now().Sub(d.AcceptedAt)
		retry, outcome := r.Retry, r.Outcome
		tx.AfterCommit(func() { count(m, retry, outcome, age) })
	}
}

func count(m *meter.Target, retry int, outcome Outcome, age time.Duration) {
	if retry > 0 {
		m.Retried()
	}
	switch outcome {
	case Delivered:
		m.Ended(meter.Arrived, age)
	case DeadLettered:
		m.Ended(meter.DeadLettered, age)
	case Dropped:
		m.Ended(meter.Dropped, age)
	}
}

// CountWaiting counts what waits in the outbox in meters, until ctx ends. It
// reads all of it: to be called beside everything else, on a view from before the
// first Send.
func (o *Outbox) CountWaiting(ctx context.Context, v *store.View) error {
	if o.meters == nil {
		return nil
	}
	err := v.Scan([]byte(bodySpace), store.PrefixEnd([]byte(bodySpace)), func(_, value []byte) bool {
		d, _, err := decode(value)
		if err != nil {
			d = &Delivery{} // Run ends it, and knows no more of it
		}
		o.meters.Found(d.Source, d.TargetID)
		return ctx.Err() == nil
	})
	if err == nil && ctx.Err() == nil {
		o.meters.Counted()
	}
	return err
}
