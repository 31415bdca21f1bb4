package sqs

import (
	"context"
	"errors"
	"time"

	model "github.com/carillon-events/carillon/internal/awsmodel/sqs"
	"github.com/carillon-events/carillon/internal/queue"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/wire"
)

// ReceiveMessage takes up to ten messages and hides them from other receivers;
// where there are none it waits, if asked to. Messages that were taken for a
// client that has gone come back after their visibility timeout.
func (s *Service) ReceiveMessage(ctx context.Context, c *wire.Call, in *model.ReceiveMessageInput) (*model.ReceiveMessageOutput, error) {
	n, err := onURL(c, in.QueueUrl)
	if err != nil {
		return nil, err
	}
	want, err := checkReceive(n, in)
	if err != nil {
		return nil, err
	}
	r := receive{
		queue: n,
		in: queue.ReceiveInput{
			Max: int(in.MaxNumberOfMessages.Or(1)), Attempt: in.ReceiveRequestAttemptId.V, Limits: s.limits,
			HideFor: time.Duration(in.VisibilityTimeout.V) * time.Second, HasHideFor: in.VisibilityTimeout.OK,
		},
		waitFor: time.Duration(in.WaitTimeSeconds.V) * time.Second,
	}
	err = r.run(ctx, s)
	nothing := err == nil && len(r.got) == 0 || errors.Is(err, queue.ErrInFlightLimit)
	if nothing && !in.WaitTimeSeconds.OK && r.standing > 0 {
		// How long the queue itself says to wait is known only now.
		r.waitFor = r.standing
		err = r.run(ctx, s)
	}
	if err != nil {
		return nil, explain(err, said{})
	}
	traceReceive(c, n, r.got)
	return &model.ReceiveMessageOutput{
		Messages: s.received(r.got, want, in.MessageAttributeNames, isFIFO(n.Name)),
	}, nil
}

// receive is one attempt to receive.
type receive struct {
	queue    queue.Name
	in       queue.ReceiveInput
	waitFor  time.Duration
	standing time.Duration // the queue's own waiting time
	got      []queue.Message
}

// run receives, waiting for up to waitFor.
func (r *receive) run(ctx context.Context, s *Service) error {
	if r.waitFor > 0 {
		var stop context.CancelFunc
		ctx, stop = context.WithTimeout(ctx, r.waitFor)
		defer stop()
	}
	err := s.on(ctx, r.queue, r.take)
	if errors.Is(err, store.ErrWaitEnded) {
		return nil
	}
	return err
}

// take is the transaction's part. It runs again when it was parked and woken.
func (r *receive) take(tx *store.Tx, q *queue.Queue) (err error) {
	r.standing = q.Settings().Config.WaitFor
	r.got, err = queue.Receive(tx, q, r.in)
	if r.waitFor > 0 && errors.Is(err, queue.ErrInFlightLimit) {
		// Only short polls are told:
		// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-queues.html
		err = nil
	}
	if err == nil && len(r.got) == 0 && r.waitFor > 0 {
		return q.Wait(tx)
	}
	return err
}

func checkReceive(n queue.Name, in *model.ReceiveMessageInput) (systemNames, error) {
	if v := in.MaxNumberOfMessages; v.OK && (v.V < 1 || v.V > 10) {
		return 0, value("MaxNumberOfMessages", number(v.V), "Must be between 1 and 10, if provided.")
	}
	if v := in.WaitTimeSeconds; v.OK && (v.V < 0 || v.V > 20) {
		return 0, value("WaitTimeSeconds", number(v.V), "Must be >= 0 and <= 20, if provided.")
	}
	if v := in.VisibilityTimeout; v.OK && (v.V < 0 || v.V > maxHide) {
		return 0, value("VisibilityTimeout", number(v.V), "Must be >= 0 and <= 43200, if provided.")
	}
	if id := in.ReceiveRequestAttemptId; id.OK {
		if !isFIFO(n.Name) {
			return 0, value("ReceiveRequestAttemptId", id.V, wrongType)
		}
		if err := checkToken("ReceiveRequestAttemptId", id.V); err != nil {
			return 0, err
		}
	}
	return systemNamesOf(in.AttributeNames, in.MessageSystemAttributeNames)
}
