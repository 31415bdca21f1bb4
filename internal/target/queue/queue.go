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
//
// What a topic sends may bring attributes and a deduplication id of its own, and
// differ from what others get by an inset only.
package queue

import (
	"crypto/md5"
	"errors"
	"fmt"
	"strings"

	"github.com/carillon-events/carillon/internal/arn"
	"github.com/carillon-events/carillon/internal/delivery"
	"github.com/carillon-events/carillon/internal/notification"
	"github.com/carillon-events/carillon/internal/queue"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/trace"
)

// Service is the service in the ARNs of queues.
const Service = "sqs"

// Who a message says has sent it.
const (
	sender      = "events.amazonaws.com"
	topicSender = "sns.amazonaws.com"
)

// Target delivers to queues.
type Target struct{}

// Share makes one body for the messages of n queues.
func (Target) Share(body []byte, n int) any {
	if s := queue.Share(body, n); s != nil {
		return s
	}
	return nil
}

// ShareAround makes one body for the messages of n queues, each with an inset of
// its own.
func (Target) ShareAround(body []byte, at, n int) any {
	if s := queue.ShareAround(body, at, n); s != nil {
		return s
	}
	return nil
}

// Prepare encodes the message.
func (Target) Prepare(d *delivery.Delivery) any {
	in := queue.DraftInput{ID: d.Key, Sender: sender, Trace: trace.Public(d.Trace), Group: d.GroupID}
	if in.Shared, _ = d.Shared.(*queue.Shared); in.Shared == nil {
		body := d.Whole()
		in.Body, in.Sum = string(body), md5.Sum(body)
	} else if d.Inset != nil {
		in.Inset = d.Inset.Text
	}
	if strings.HasSuffix(d.Target.Resource, ".fifo") {
		in.Dedup = d.Key.String()
	}
	if arn.ServiceOf(d.Source) == "sns" {
		fillFromTopic(&in, d)
	} else if d.Ended != nil {
		in.Attributes = obituary(d)
	}
	draft := queue.NewDraft(in)
	return &draft
}

func fillFromTopic(in *queue.DraftInput, d *delivery.Delivery) {
	in.Sender = topicSender
	extras := notification.ReadExtras(d.Params)
	in.Attributes = extras.Attributes
	if in.Dedup != "" && extras.Dedup != "" {
		in.Dedup = extras.Dedup
	}
	if d.Ended != nil {
		in.Attributes = topicObituary(d, extras.Attributes)
		if in.Dedup != "" { // the same message may be a dead letter of several subscriptions
			in.Dedup = d.Key.String()
		}
	}
}

// Find finds the queue.
func (Target) Find(tx *store.Tx, d *delivery.Delivery) error {
	_, err := find(tx, d)
	return err
}

func find(tx *store.Tx, d *delivery.Delivery) (*queue.Queue, error) {
	name, ok := d.Target.QueueName()
	if !ok {
		return nil, fmt.Errorf("%w: %s is not a queue", delivery.ErrRefused, d.Target)
	}
	q, err := queue.Find(tx, queue.Name{Account: d.Target.Account, Region: d.Target.Region, Name: name})
	if errors.Is(err, queue.ErrNotFound) {
		return nil, fmt.Errorf("%w: %w", delivery.ErrMissing, err)
	}
	return q, err
}

// Deliver stores the message.
func (t Target) Deliver(tx *store.Tx, d *delivery.Delivery, prepared any) error {
	q, err := find(tx, d)
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
