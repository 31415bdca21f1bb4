// Package bus is the target that puts events on another bus of the same shard,
// in any account and region: the other bus accepts the event, and hands it to
// its own targets, in the transaction that accepts it on the first.
//
// A bus that does not exist may come to exist, so that is unavailable. What
// happens to an event on the other bus, and that it goes to no third one, is
// for the core to say. Who may put events there is not asked here.
package bus

import (
	"errors"
	"fmt"

	"github.com/carillon-events/carillon/internal/bus"
	"github.com/carillon-events/carillon/internal/delivery"
	"github.com/carillon-events/carillon/internal/store"
)

// Service is the service in the ARNs of buses.
const Service = "events"

// Target delivers to buses. Core is set once, before the first delivery: the
// core sends through the outbox that this is a target of.
type Target struct{ Core *bus.Core }

// Prepare matches the event to the rules of the other bus.
func (t *Target) Prepare(d *delivery.Delivery) any {
	if f := t.forward(d); f != nil {
		return f
	}
	return nil
}

func (t *Target) forward(d *delivery.Delivery) *bus.Forwarded {
	name, ok := d.Target.BusName()
	if !ok {
		return nil
	}
	to := bus.Name{Account: d.Target.Account, Region: d.Target.Region, Bus: name}
	return t.Core.Forward(to, d)
}

// Find finds the bus.
func (*Target) Find(tx *store.Tx, d *delivery.Delivery) error {
	name, ok := d.Target.BusName()
	if !ok {
		return fmt.Errorf("%w: %s is not a bus", delivery.ErrRefused, d.Target)
	}
	_, err := bus.GetBus(tx, bus.Name{Account: d.Target.Account, Region: d.Target.Region, Bus: name})
	if errors.Is(err, bus.ErrBusNotFound) {
		return fmt.Errorf("%w: %w", delivery.ErrUnavailable, err)
	}
	return err
}

// Deliver has the other bus accept the event.
func (t *Target) Deliver(tx *store.Tx, d *delivery.Delivery, prepared any) error {
	f, ok := prepared.(*bus.Forwarded)
	if !ok {
		f = t.forward(d)
	}
	if f == nil {
		return fmt.Errorf("%w: %s is not a bus", delivery.ErrRefused, d.Target)
	}
	err := t.Core.Receive(tx, f)
	if errors.Is(err, bus.ErrBusNotFound) {
		return fmt.Errorf("%w: %w", delivery.ErrUnavailable, err)
	}
	return err
}
