package sqs

import (
	"context"

	model "github.com/carillon-events/carillon/internal/awsmodel/sqs"
	"github.com/carillon-events/carillon/internal/queue"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/wire"
)

// RemovePermission takes a statement out of a queue's policy.
func (s *Service) RemovePermission(ctx context.Context, c *wire.Call, in *model.RemovePermissionInput) (*model.RemovePermissionOutput, error) {
	n, err := onURL(c, in.QueueUrl)
	if err != nil {
		return nil, err
	}
	err = s.on(ctx, n, func(tx *store.Tx, q *queue.Queue) error {
		text, err := revoke(q.Settings().Labels[attrPolicy], in.Label)
		if err != nil {
			return err
		}
		return s.configure(tx, q, map[string]string{attrPolicy: text})
	})
	return nil, explain(err, said{queue: n.Name})
}
