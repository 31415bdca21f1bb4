// Package topic is the target that publishes events to topics of the same
// shard: the topic accepts the message, and hands it to its own subscribers, in
// the transaction that accepts the event; or keeps it for its fan-out.
//
// The message is what the rule makes of the event, its id the delivery's key. A
// topic that does not exist may come to exist, so that is unavailable.
package topic

import (
	"errors"
	"fmt"

	"github.com/carillon-events/carillon/internal/delivery"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/topic"
)

// Service is the service in the ARNs of topics.
const Service = "sns"

// Target delivers to topics. Core sends through the outbox that this is a target
// of, and is set once, before the first delivery.
type Target struct {
	Core *topic.Core
	// Unsubscribe is the URL at which a subscription is ended, but for its ARN.
	Unsubscribe string
}

// Prepare matches the message to the topic's subscriptions.
func (t *Target) Prepare(d *delivery.Delivery) any {
	if p := t.publication(d); p != nil {
		return p
	}
	return nil
}

func (t *Target) publication(d *delivery.Delivery) *topic.Publication {
	name, ok := d.Target.TopicName()
	if !ok {
		return nil
	}
	n := topic.Name{Account: d.Target.Account, Region: d.Target.Region, Topic: name}
	return t.Core.NewPublication(n, []topic.Message{{
		ID: d.Key, Text: string(d.Whole()), At: d.AcceptedAt, Unsubscribe: t.Unsubscribe, Trace: d.Trace, Group: d.GroupID,
	}})
}

// Find finds the topic.
func (*Target) Find(tx *store.Tx, d *delivery.Delivery) error {
	name, ok := d.Target.TopicName()
	if !ok {
		return fmt.Errorf("%w: %s is not a topic", delivery.ErrRefused, d.Target)
	}
	_, err := topic.Get(tx, topic.Name{Account: d.Target.Account, Region: d.Target.Region, Topic: name})
	if errors.Is(err, topic.ErrNotFound) {
		return fmt.Errorf("%w: %w", delivery.ErrMissing, err)
	}
	return err
}

// Deliver has the topic accept the message.
func (t *Target) Deliver(tx *store.Tx, d *delivery.Delivery, prepared any) error {
	p, ok := prepared.(*topic.Publication)
	if !ok {
		p = t.publication(d)
	}
	if p == nil {
		return fmt.Errorf("%w: %s is not a topic", delivery.ErrRefused, d.Target)
	}
	err := t.Core.Receive(tx, p)
	switch {
	case errors.Is(err, topic.ErrNotFound):
		return fmt.Errorf("%w: %w", delivery.ErrMissing, err)
	case errors.Is(err, topic.ErrNoGroup), errors.Is(err, topic.ErrNoDedup):
		return fmt.Errorf("%w: %w", delivery.ErrRefused, err)
	}
	return err
}
