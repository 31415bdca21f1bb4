package sqs

import (
	"context"

	model "github.com/carillon-events/carillon/internal/awsmodel/sqs"
	"github.com/carillon-events/carillon/internal/queue"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/wire"
)

// DeleteMessage deletes a message that was received.
func (s *Service) DeleteMessage(ctx context.Context, c *wire.Call, in *model.DeleteMessageInput) (*model.DeleteMessageOutput, error) {
	n, err := onURL(c, in.QueueUrl)
	if err != nil {
		return nil, err
	}
	r, ok := s.seals.openHandle(in.ReceiptHandle)
	if !ok {
		return nil, s.refuseHandle(ctx, n, in.ReceiptHandle)
	}
	err = s.on(ctx, n, func(tx *store.Tx, q *queue.Queue) error { return deleteMessage(tx, q, r) })
	return nil, explain(err, said{handle: in.ReceiptHandle})
}

func deleteMessage(tx *store.Tx, q *queue.Queue, r queue.Receipt) error {
	if r.Queue != q.Handle() {
		return errForeign
	}
	return queue.DeleteMessage(tx, q, r)
}

// refuseHandle is the error for a handle that is none: first of all, that the
// queue does not exist.
func (s *Service) refuseHandle(ctx context.Context, n queue.Name, handle string) error {
	if handle == "" {
		return missing("ReceiptHandle")
	}
	err := s.on(ctx, n, func(*store.Tx, *queue.Queue) error { return badHandle(handle) })
	return explain(err, said{})
}

// DeleteMessageBatch deletes up to ten messages.
func (s *Service) DeleteMessageBatch(ctx context.Context, c *wire.Call, in *model.DeleteMessageBatchInput) (*model.DeleteMessageBatchOutput, error) {
	n, err := onURL(c, in.QueueUrl)
	if err != nil {
		return nil, err
	}
	count := len(in.Entries)
	id := func(i int) string { return in.Entries[i].Id }
	if err := checkBatch("DeleteMessageBatchRequestEntry", count, id); err != nil {
		return nil, err
	}
	var failures outcomes
	err = s.eachReceipt(ctx, n, &failures, count, func(i int) string { return in.Entries[i].ReceiptHandle },
		func(tx *store.Tx, q *queue.Queue, i int, r queue.Receipt) error {
			return explain(deleteMessage(tx, q, r), said{handle: in.Entries[i].ReceiptHandle})
		})
	if err != nil {
		return nil, explain(err, said{})
	}
	out := &model.DeleteMessageBatchOutput{
		Successful: make([]model.DeleteMessageBatchResultEntry, 0, count),
		Failed:     failures.failed(count, id),
	}
	for i := range count {
		if failures[i] == nil {
			out.Successful = append(out.Successful, model.DeleteMessageBatchResultEntry{Id: id(i)})
		}
	}
	return out, nil
}

// eachReceipt opens the handles of a batch and does one thing to each of them
// that is good, in one transaction.
func (s *Service) eachReceipt(ctx context.Context, n queue.Name, failures *outcomes, count int, handle func(i int) string,
	do func(tx *store.Tx, q *queue.Queue, i int, r queue.Receipt) error,
) error {
	var receipts [maxBatch]queue.Receipt
	for i := range count {
		if failures[i] != nil {
			continue
		}
		var ok bool
		if receipts[i], ok = s.seals.openHandle(handle(i)); ok {
			continue
		}
		err := badHandle(handle(i))
		if handle(i) == "" {
			err = missing("ReceiptHandle")
		}
		if err := failures.note(i, err); err != nil {
			return err
		}
	}
	return s.on(ctx, n, func(tx *store.Tx, q *queue.Queue) error {
		for i := range count {
			if failures[i] != nil {
				continue
			}
			if err := failures.note(i, do(tx, q, i, receipts[i])); err != nil {
				return err
			}
		}
		return nil
	})
}
