package sqs

import (
	"context"

	model "github.com/carillon-events/carillon/internal/awsmodel/sqs"
	"github.com/carillon-events/carillon/internal/wire"
)

// SendMessage puts a message into a queue.
func (s *Service) SendMessage(ctx context.Context, c *wire.Call, in *model.SendMessageInput) (*model.SendMessageOutput, error) {
	n, err := onURL(c, in.QueueUrl)
	if err != nil {
		return nil, err
	}
	traceSend(c, n)
	var p prepared
	err = p.prepare(c, n, &outgoing{
		body: in.MessageBody, delay: in.DelaySeconds, attributes: in.MessageAttributes, system: in.MessageSystemAttributes,
		group: in.MessageGroupId, dedup: in.MessageDeduplicationId,
	})
	if err != nil {
		return nil, err
	}
	if err := s.on(ctx, n, p.send); err != nil {
		return nil, p.explain(err)
	}
	a := p.answer(isFIFO(n.Name))
	traceSent(c, 1, a.id)
	return &model.SendMessageOutput{
		MessageId: wire.Some(a.id), MD5OfMessageBody: wire.Some(a.body), MD5OfMessageAttributes: a.attrs,
		MD5OfMessageSystemAttributes: a.system, SequenceNumber: a.seq,
	}, nil
}
