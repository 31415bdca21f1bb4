package sqs

import (
	"context"

	model "github.com/carillon-events/carillon/internal/awsmodel/sqs"
	"github.com/carillon-events/carillon/internal/queue"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/wire"
)

// ListQueueTags tells a queue's tags.
func (s *Service) ListQueueTags(ctx context.Context, c *wire.Call, in *model.ListQueueTagsInput) (*model.ListQueueTagsOutput, error) {
	n, err := onURL(c, in.QueueUrl)
	if err != nil {
		return nil, err
	}
	out := &model.ListQueueTagsOutput{}
	err = s.on(ctx, n, func(_ *store.Tx, q *queue.Queue) error {
		if tags := q.Settings().Tags; len(tags) > 0 {
			out.Tags = tags // replaced whole, never changed
		}
		return nil
	})
	if err != nil {
		return nil, explain(err, said{queue: n.Name})
	}
	return out, nil
}
