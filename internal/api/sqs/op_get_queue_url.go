package sqs

import (
	"context"

	model "github.com/carillon-events/carillon/internal/awsmodel/sqs"
	"github.com/carillon-events/carillon/internal/queue"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/wire"
)

// GetQueueUrl is the URL of a queue by its name.
func (s *Service) GetQueueUrl(ctx context.Context, c *wire.Call, in *model.GetQueueUrlInput) (*model.GetQueueUrlOutput, error) {
	n := queue.Name{Account: in.QueueOwnerAWSAccountId.Or(c.Account), Region: c.Region, Name: in.QueueName}
	err := s.on(ctx, n, func(*store.Tx, *queue.Queue) error { return nil })
	if err != nil {
		return nil, explain(err, said{queue: n.Name})
	}
	return &model.GetQueueUrlOutput{QueueUrl: wire.Some(urlFor(c, n))}, nil
}
