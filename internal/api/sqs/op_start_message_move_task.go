package sqs

import (
	"context"
	"errors"

	model "github.com/carillon-events/carillon/internal/awsmodel/sqs"
	"github.com/carillon-events/carillon/internal/queue"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/wire"
)

const maxMoveRate = 500 // messages a second

// StartMessageMoveTask begins to move a dead-letter queue's messages to another
// queue, or to where they came from.
func (s *Service) StartMessageMoveTask(ctx context.Context, c *wire.Call, in *model.StartMessageMoveTaskInput) (*model.StartMessageMoveTaskOutput, error) {
	source, err := moveEnd(c, "SourceArn", in.SourceArn)
	if err != nil {
		return nil, err
	}
	if v := in.MaxNumberOfMessagesPerSecond; v.OK && (v.V < 1 || v.V > maxMoveRate) {
		return nil, value("MaxNumberOfMessagesPerSecond", number(v.V), "Must be between 1 and 500.")
	}
	var target *queue.Name
	if in.DestinationArn.OK {
		n, err := moveEnd(c, "DestinationArn", in.DestinationArn.V)
		if err != nil {
			return nil, err
		}
		if n == source {
			return nil, parameter("Source queue arn and destination queue arn cannot be the same.")
		}
		target = &n
	}
	if err := mayMove(ctx, c, source, target); err != nil {
		return nil, err
	}
	id := newID()
	t := task{ID: string(appendID(nil, id)), SourceARN: queueARN(source)}
	err = s.shard.Update(ctx, func(tx *store.Tx) error {
		return startMove(tx, t.ID, source, target, int(in.MaxNumberOfMessagesPerSecond.V))
	})
	if err != nil {
		return nil, explain(err, said{})
	}
	return &model.StartMessageMoveTaskOutput{TaskHandle: wire.Some(t.handle())}, nil
}

// mayMove asks for what a move does to its ends. A move back to where messages
// came from knows its ends only as it goes, and asks for none.
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-configure-dead-letter-queue-redrive.html
func mayMove(ctx context.Context, c *wire.Call, source queue.Name, target *queue.Name) error {
	if c.Decide == nil {
		return nil
	}
	from := queueARN(source)
	for _, action := range []string{"sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"} {
		if err := c.Ask(ctx, wire.Question{Action: action, Resource: from}); err != nil {
			return err
		}
	}
	if target == nil {
		return nil
	}
	return c.Ask(ctx, wire.Question{Action: "sqs:SendMessage", Resource: queueARN(*target)})
}

// moveEnd is the queue at one end of a move.
func moveEnd(c *wire.Call, name, text string) (queue.Name, error) {
	n, ok := onARN(text)
	if !ok {
		return n, value(name, text, "It must be the ARN of a queue.")
	}
	if n.Region != c.Region {
		return n, noResource(name)
	}
	return n, nil
}

func startMove(tx *store.Tx, id string, source queue.Name, target *queue.Name, rate int) error {
	from, err := queue.Find(tx, source)
	if errors.Is(err, queue.ErrNotFound) {
		return noResource("SourceArn")
	}
	if err != nil {
		return err
	}
	var to *queue.Queue
	if target != nil {
		to, err = queue.Find(tx, *target)
		if errors.Is(err, queue.ErrNotFound) {
			return noResource("DestinationArn")
		}
		if err != nil {
			return err
		}
		if to.Settings().Config.FIFO != from.Settings().Config.FIFO {
			return parameter("Source queue and destination queue must be of the same type.")
		}
	}
	_, err = queue.StartMove(tx, id, from, to, rate)
	return err
}
