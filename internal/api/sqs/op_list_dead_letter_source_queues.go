package sqs

import (
	"context"

	model "github.com/carillon-events/carillon/internal/awsmodel/sqs"
	"github.com/carillon-events/carillon/internal/queue"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/wire"
)

// ListDeadLetterSourceQueues lists the queues whose dead-letter queue this is,
// by name.
func (s *Service) ListDeadLetterSourceQueues(ctx context.Context, c *wire.Call, in *model.ListDeadLetterSourceQueuesInput) (*model.ListDeadLetterSourceQueuesOutput, error) {
	n, err := onURL(c, in.QueueUrl)
	if err != nil {
		return nil, err
	}
	list := "ListDeadLetterSourceQueues/" + n.Account + "/" + n.Region + "/" + n.Name
	after, limit, paged, err := s.page(list, in.NextToken, in.MaxResults)
	if err != nil {
		return nil, err
	}
	var sources []queue.Name // all of the queue's own account and region
	err = s.on(ctx, n, func(tx *store.Tx, q *queue.Queue) (err error) {
		sources, err = queue.Sources(tx, q)
		return err
	})
	if err != nil {
		return nil, explain(err, said{queue: n.Name})
	}
	var names []string
	for _, source := range sources {
		if source.Name > after && len(names) <= limit {
			names = append(names, source.Name)
		}
	}
	out := &model.ListDeadLetterSourceQueuesOutput{QueueUrls: []string{}}
	names, out.NextToken = s.cut(list, names, limit, paged)
	for _, name := range names {
		out.QueueUrls = append(out.QueueUrls, urlFor(c, queue.Name{Account: n.Account, Region: n.Region, Name: name}))
	}
	return out, nil
}
