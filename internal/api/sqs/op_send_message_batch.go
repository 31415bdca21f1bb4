package sqs

import (
	"context"
	"strconv"

	model "github.com/carillon-events/carillon/internal/awsmodel/sqs"
	"github.com/carillon-events/carillon/internal/queue"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/wire"
)

// SendMessageBatch puts up to ten messages into a queue, in order. Each fails
// or succeeds by itself.
func (s *Service) SendMessageBatch(ctx context.Context, c *wire.Call, in *model.SendMessageBatchInput) (*model.SendMessageBatchOutput, error) {
	n, err := onURL(c, in.QueueUrl)
	if err != nil {
		return nil, err
	}
	traceSend(c, n)
	count := len(in.Entries)
	id := func(i int) string { return in.Entries[i].Id }
	if err := checkBatch("SendMessageBatchRequestEntry", count, id); err != nil {
		return nil, err
	}
	if size := batchSize(in.Entries); size > maxMessage {
		return nil, &wire.Error{Code: codeBatchLong, Message: "Batch requests cannot be longer than " + strconv.Itoa(maxMessage) + " bytes. You have sent " + strconv.Itoa(size) + " bytes."}
	}
	ready := make([]prepared, count)
	var failures outcomes
	for i := range in.Entries {
		e := &in.Entries[i]
		err := ready[i].prepare(c, n, &outgoing{
			body: e.MessageBody, delay: e.DelaySeconds, attributes: e.MessageAttributes, system: e.MessageSystemAttributes,
			group: e.MessageGroupId, dedup: e.MessageDeduplicationId,
		})
		if err := failures.note(i, err); err != nil {
			return nil, err
		}
	}
	err = s.on(ctx, n, func(tx *store.Tx, q *queue.Queue) error {
		for i := range count {
			if failures[i] != nil {
				continue
			}
			if err := failures.note(i, ready[i].explain(ready[i].send(tx, q))); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, explain(err, said{})
	}
	out := &model.SendMessageBatchOutput{
		Successful: make([]model.SendMessageBatchResultEntry, 0, count),
		Failed:     failures.failed(count, id),
	}
	for i := range count {
		if failures[i] != nil {
			continue
		}
		a := ready[i].answer(isFIFO(n.Name))
		out.Successful = append(out.Successful, model.SendMessageBatchResultEntry{
			Id: id(i), MessageId: a.id, MD5OfMessageBody: a.body, MD5OfMessageAttributes: a.attrs,
			MD5OfMessageSystemAttributes: a.system, SequenceNumber: a.seq,
		})
	}
	traceSent(c, len(out.Successful), "")
	return out, nil
}

// batchSize is the bytes of all bodies and attributes.
func batchSize(entries []model.SendMessageBatchRequestEntry) int {
	size := 0
	for i := range entries {
		size += len(entries[i].MessageBody)
		for name, v := range entries[i].MessageAttributes {
			size += len(name) + len(v.DataType) + len(v.StringValue.V) + len(v.BinaryValue)
		}
	}
	return size
}
