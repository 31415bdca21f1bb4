package sqs

import (
	"context"

	model "github.com/carillon-events/carillon/internal/awsmodel/sqs"
	"github.com/carillon-events/carillon/internal/queue"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/wire"
)

// TagQueue adds tags to a queue, and replaces those of the same key.
func (s *Service) TagQueue(ctx context.Context, c *wire.Call, in *model.TagQueueInput) (*model.TagQueueOutput, error) {
	n, err := onURL(c, in.QueueUrl)
	if err != nil {
		return nil, err
	}
	if len(in.Tags) == 0 {
		return nil, missing("Tags")
	}
	if err := checkTags(in.Tags); err != nil {
		return nil, err
	}
	err = s.on(ctx, n, func(tx *store.Tx, q *queue.Queue) error {
		tags, err := withTags(n.Name, q.Settings().Tags, in.Tags)
		if err != nil {
			return err
		}
		return queue.SetTags(tx, q, tags)
	})
	return nil, explain(err, said{queue: n.Name})
}
