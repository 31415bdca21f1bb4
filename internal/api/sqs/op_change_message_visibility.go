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

// maxHide is the longest visibility timeout, in seconds.
const maxHide = 43_200

// ChangeMessageVisibility hides a received message for longer, or less long.
func (s *Service) ChangeMessageVisibility(ctx context.Context, c *wire.Call, in *model.ChangeMessageVisibilityInput) (*model.ChangeMessageVisibilityOutput, error) {
	n, err := onURL(c, in.QueueUrl)
	if err != nil {
		return nil, err
	}
	if err := checkHide(in.VisibilityTimeout); err != nil {
		return nil, err
	}
	r, ok := s.seals.openHandle(in.ReceiptHandle)
	if !ok {
		return nil, s.refuseHandle(ctx, n, in.ReceiptHandle)
	}
	err = s.on(ctx, n, func(tx *store.Tx, q *queue.Queue) error { return hide(tx, q, r, in.VisibilityTimeout) })
	return nil, explain(err, said{handle: in.ReceiptHandle, hideFor: in.VisibilityTimeout})
}

func checkHide(seconds int32) error {
	if seconds < 0 || seconds > maxHide {
		return value("VisibilityTimeout", number(seconds), "Must be between 0 and 43200.")
	}
	return nil
}

func hide(tx *store.Tx, q *queue.Queue, r queue.Receipt, seconds int32) error {
	if r.Queue != q.Handle() {
		return errForeign
	}
	return queue.ChangeVisibility(tx, q, r, time.Duration(seconds)*time.Second)
}

// ChangeMessageVisibilityBatch does so for up to ten messages.
func (s *Service) ChangeMessageVisibilityBatch(ctx context.Context, c *wire.Call, in *model.ChangeMessageVisibilityBatchInput) (*model.ChangeMessageVisibilityBatchOutput, error) {
	n, err := onURL(c, in.QueueUrl)
	if err != nil {
		return nil, err
	}
	count := len(in.Entries)
	id := func(i int) string { return in.Entries[i].Id }
	if err := checkBatch("ChangeMessageVisibilityBatchRequestEntry", count, id); err != nil {
		return nil, err
	}
	var failures outcomes
	for i, e := range in.Entries {
		err := checkHide(e.VisibilityTimeout.V)
		if !e.VisibilityTimeout.OK {
			err = missing("VisibilityTimeout")
		}
		if err := failures.note(i, err); err != nil {
			return nil, err
		}
	}
	err = s.eachReceipt(ctx, n, &failures, count, func(i int) string { return in.Entries[i].ReceiptHandle },
		func(tx *store.Tx, q *queue.Queue, i int, r queue.Receipt) error {
			e := &in.Entries[i]
			return explain(goneFromBatch(hide(tx, q, r, e.VisibilityTimeout.V)), said{handle: e.ReceiptHandle, hideFor: e.VisibilityTimeout.V})
		})
	if err != nil {
		return nil, explain(err, said{})
	}
	out := &model.ChangeMessageVisibilityBatchOutput{
		Successful: make([]model.ChangeMessageVisibilityBatchResultEntry, 0, count),
		Failed:     failures.failed(count, id),
	}
	for i := range count {
		if failures[i] == nil {
			out.Successful = append(out.Successful, model.ChangeMessageVisibilityBatchResultEntry{Id: id(i)})
		}
	}
	return out, nil
}

// goneFromBatch words that a message was deleted as AWS does in a batch: by
// another code than the single call's. Go Cloud's recordings of AWS
// (gocloud.dev, pubsub/awssnssqs/testdata/*/TestDoubleAck.replay) have it, and
// its driver takes a nack behind an ack for a failure of the subscription if the
// code is another.
func goneFromBatch(err error) error {
	if errors.Is(err, queue.ErrMessageGone) {
		return &wire.Error{Code: codeHandle, Message: "Message does not exist or is not available for visibility timeout change"}
	}
	return err
}
