package sqs

import (
	"context"

	model "github.com/carillon-events/carillon/internal/awsmodel/sqs"
	"github.com/carillon-events/carillon/internal/queue"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/wire"
)

// SendMessage puts a message into a queue.
func (s *Service) SendMessage(ctx context.Context, c *wire.Call, in *model.SendMessageInput) (*model.SendMessageOutput, error) {
	n, err := onURL(c, in.QueueUrl)
	if err != nil {
		return nil, err
	}
	p, err := prepare(c, n, &outgoing{
		body: in.MessageBody, delay: in.DelaySeconds, attributes: in.MessageAttributes, system: in.MessageSystemAttributes,
		group: in.MessageGroupId, dedup: in.MessageDeduplicationId,
	})
	if err != nil {
		return nil, err
	}
	var result queue.Sent
	var limit int
	err = s.on(ctx, n, func(tx *store.Tx, q *queue.Queue) (err error) {
		limit = q.Settings().Config.MaxMessageBytes
		result, err = p.send(tx, q)
		return err
	})
	if err != nil {
		return nil, explain(err, said{delay: p.delay, limit: limit})
	}
	a := p.answer(result, isFIFO(n.Name))
	return &model.SendMessageOutput{
		MessageId: wire.Some(a.id), MD5OfMessageBody: wire.Some(a.body), MD5OfMessageAttributes: a.attrs,
		MD5OfMessageSystemAttributes: a.system, SequenceNumber: a.seq,
	}, nil
}
