package bus

import (
	"fmt"

	"github.com/carillon-events/carillon/internal/delivery"
	"github.com/carillon-events/carillon/internal/store"
)

// A rule may send events to another bus. They keep their envelope, and go no
// further than to that bus: "EventBridge can't route events received from a
// sender event bus to a third event bus", and so every loop ends, and what one
// event costs is bounded.
//
//	https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-bus-to-bus.html
//	https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-cross-account.html
//
// Deliveries on the second bus are named after the delivery that brought the
// event, not after the event: two rules of one bus may send it to the same
// second bus, where it then is two events with one id.

// forwardsAtOnce is how often an event goes to other buses in the transaction
// that accepts it, each time to the targets of all the rules that match it
// there. It goes to further ones by the outbox.
const forwardsAtOnce = 16

// Forwarded is an event that a rule of another bus sends to a bus, matched to
// that bus's rules as they were last seen.
type Forwarded struct{ p pending }

// Forward prepares the event that d brings for Receive. d's body is an event as
// a bus accepted it: what a target bus sees is never transformed. It touches no
// store and may run on any goroutine.
func (c *Core) Forward(to Name, d *delivery.Delivery) *Forwarded {
	f := &Forwarded{newPending(to, d.Key.String(), d.EventID, d.Source, d.Trace, d.Body, d.AcceptedAt)}
	f.p.forwarded = true
	if hint, ok := c.hints.Load(to); ok {
		f.p.match(hint.(*ruleset), c.outbox)
	}
	return f
}

// Receive has a bus accept an event of another bus. It is matched here only if
// the rules have changed since Forward. With ErrBusNotFound nothing was
// written; other errors are the store's.
func (c *Core) Receive(tx *store.Tx, f *Forwarded) error {
	hint := f.p.rules
	if _, err := c.meet(tx, &f.p, true); err != nil {
		return err
	}
	if f.p.met == nil {
		return fmt.Errorf("bus %s: %w", f.p.bus.Bus, ErrBusNotFound)
	}
	if met := f.p.met; met != hint {
		tx.AfterCommit(func() { c.hints.Store(f.p.bus, met) })
	}
	c.counts.forwarded.Add(1)
	return c.put(tx, &f.p)
}
