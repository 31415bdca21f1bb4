package sqs

import (
	"context"
	"maps"

	model "github.com/carillon-events/carillon/internal/awsmodel/sqs"
	"github.com/carillon-events/carillon/internal/queue"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/wire"
)

// UntagQueue removes tags from a queue. Keys that it does not have are ignored.
func (s *Service) UntagQueue(ctx context.Context, c *wire.Call, in *model.UntagQueueInput) (*model.UntagQueueOutput, error) {
	n, err := onURL(c, in.QueueUrl)
	if err != nil {
		return nil, err
	}
	if len(in.TagKeys) == 0 {
		return nil, missing("TagKeys")
	}
	err = s.on(ctx, n, func(tx *store.Tx, q *queue.Queue) error {
		tags := maps.Clone(q.Settings().Tags)
		for _, key := range in.TagKeys {
			delete(tags, key)
		}
		return queue.SetTags(tx, q, tags)
	})
	return nil, explain(err, said{queue: n.Name})
}
