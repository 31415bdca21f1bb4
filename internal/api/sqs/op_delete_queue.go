package sqs

import (
	"context"

	model "github.com/carillon-events/carillon/internal/awsmodel/sqs"
	"github.com/carillon-events/carillon/internal/queue"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/wire"
)

// DeleteQueue deletes a queue with its messages.
func (s *Service) DeleteQueue(ctx context.Context, c *wire.Call, in *model.DeleteQueueInput) (*model.DeleteQueueOutput, error) {
	n, err := onURL(c, in.QueueUrl)
	if err != nil {
		return nil, err
	}
	err = s.on(ctx, n, func(tx *store.Tx, q *queue.Queue) error {
		if err := queue.Delete(tx, q); err != nil {
			return err
		}
		s.follow(tx, n, "")
		return nil
	})
	return nil, explain(err, said{queue: n.Name})
}
