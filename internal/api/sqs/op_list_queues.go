package sqs

import (
	"context"

	model "github.com/carillon-events/carillon/internal/awsmodel/sqs"
	"github.com/carillon-events/carillon/internal/queue"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/wire"
)

// ListQueues lists the caller's queues by name.
func (s *Service) ListQueues(ctx context.Context, c *wire.Call, in *model.ListQueuesInput) (*model.ListQueuesOutput, error) {
	list := "ListQueues/" + c.Account + "/" + c.Region + "/" + in.QueueNamePrefix.V
	after, limit, paged, err := s.page(list, in.NextToken, in.MaxResults)
	if err != nil {
		return nil, err
	}
	var names []string
	err = s.shard.Update(ctx, func(tx *store.Tx) (err error) {
		names, err = queue.List(tx, c.Account, c.Region, in.QueueNamePrefix.V, after, limit+1)
		return err
	})
	if err != nil {
		return nil, explain(err, said{})
	}
	out := &model.ListQueuesOutput{}
	names, out.NextToken = s.cut(list, names, limit, paged)
	for _, name := range names {
		out.QueueUrls = append(out.QueueUrls, urlFor(c, queue.Name{Account: c.Account, Region: c.Region, Name: name}))
	}
	return out, nil
}
