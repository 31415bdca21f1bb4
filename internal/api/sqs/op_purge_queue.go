package sqs

import (
	"context"

	model "github.com/carillon-events/carillon/internal/awsmodel/sqs"
	"github.com/carillon-events/carillon/internal/queue"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/wire"
)

// PurgeQueue deletes a queue's messages, also those in flight.
func (s *Service) PurgeQueue(ctx context.Context, c *wire.Call, in *model.PurgeQueueInput) (*model.PurgeQueueOutput, error) {
	n, err := onURL(c, in.QueueUrl)
	if err != nil {
		return nil, err
	}
	err = s.on(ctx, n, func(tx *store.Tx, q *queue.Queue) error { return queue.Purge(tx, q) })
	return nil, explain(err, said{queue: n.Name})
}
