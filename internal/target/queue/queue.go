// Package queue is the target that puts deliveries into queues of the same
// shard: the message is stored in the transaction that accepts the event.
//
// The message's body is the delivery's body, its id the delivery's key. On a
// FIFO queue the key is the deduplication id, too. AWS sends none and relies
// on content-based deduplication; that comes to the same there, since no two
// events have the same body, and here queues without it can be targets as
// well.
//
// A queue that does not exist may come to exist, so that is unavailable. What
// the queue refuses for good (too large, no message group) is refused.
//
// A dead letter's message says in its attributes how its delivery ended
// (deadletter.go).
package queue

import (
	"crypto/md5"
	"errors"
	"fmt"
	"strings"

	"github.com/carillon-events/carillon/internal/delivery"
	"github.com/carillon-events/carillon/internal/queue"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/trace"
)

// Service is the service in the ARNs of queues.
const Service = "sqs"

// sender is who a message says has sent it.
const sender = "events.amazonaws.com"

// Target delivers to queues.
type Target struct{}

// Share makes one body for the messages of n queues.
func (Target) Share(body []byte, n int) any {
	if s := queue.Share(body, n); s != nil {
		return s
	}
	return nil
}

// Prepare encodes the message.
func (Target) Prepare(d *delivery.Delivery) any {
	in := queue.DraftInput{ID: d.Key, Sender: sender, Trace: trace.Public(d.Trace), Group: d.GroupID}
	if in.Shared, _ = d.Shared.(*queue.Shared); in.Shared == nil {
		in.Body, in.Sum = string(d.Body), md5.Sum(d.Body)
	}
	if strings.HasSuffix(d.Target.Resource, ".fifo") {
		in.Dedup = d.Key.String()
	}
	if d.Ended != nil {
		in.Attributes = obituary(d)
	}
	draft := queue.NewDraft(in)
	return &draft
}

// Deliver stores the message.
func (t Target) Deliver(tx *store.Tx, d *delivery.Delivery, prepared any) error {
	name, ok := d.Target.QueueName()
	if !ok {
		return fmt.Errorf("%w: %s is not a queue", delivery.ErrRefused, d.Target)
	}
	q, err := queue.Find(tx, queue.Name{Account: d.Target.Account, Region: d.Target.Region, Name: name})
	if errors.Is(err, queue.ErrNotFound) {
		return fmt.Errorf("%w: %w", delivery.ErrMissing, err)
	}
	if err != nil {
		return err
	}
	draft, ok := prepared.(*queue.Draft)
	if !ok {
		draft = t.Prepare(d).(*queue.Draft)
	}
	_, err = queue.Send(tx, q, *draft)
	for _, final := range []error{queue.ErrTooLarge, queue.ErrNoGroup, queue.ErrNoDedup, queue.ErrDelayOnFIFO} {
		if errors.Is(err, final) {
			return fmt.Errorf("%w: %w", delivery.ErrRefused, err)
		}
	}
	return err
}
