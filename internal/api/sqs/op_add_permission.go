package sqs

import (
	"context"

	model "github.com/carillon-events/carillon/internal/awsmodel/sqs"
	"github.com/carillon-events/carillon/internal/queue"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/wire"
)

// AddPermission adds a statement to a queue's policy.
func (s *Service) AddPermission(ctx context.Context, c *wire.Call, in *model.AddPermissionInput) (*model.AddPermissionOutput, error) {
	n, err := onURL(c, in.QueueUrl)
	if err != nil {
		return nil, err
	}
	if err := checkGrant(in.Label, in.AWSAccountIds, in.Actions); err != nil {
		return nil, err
	}
	err = s.on(ctx, n, func(tx *store.Tx, q *queue.Queue) error {
		text, err := grant(q.Settings().Labels[attrPolicy], n, in.Label, in.AWSAccountIds, in.Actions)
		if err != nil {
			return err
		}
		return s.configure(tx, q, map[string]string{attrPolicy: text})
	})
	return nil, explain(err, said{queue: n.Name})
}
