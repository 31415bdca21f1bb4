package sns

import (
	"context"

	model "github.com/carillon-events/carillon/internal/awsmodel/sns"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/topic"
	"github.com/carillon-events/carillon/internal/wire"
)

// ListSubscriptionsByTopic lists the subscriptions of a topic.
func (s *Service) ListSubscriptionsByTopic(_ context.Context, c *wire.Call, in *model.ListSubscriptionsByTopicInput) (*model.ListSubscriptionsByTopicOutput, error) {
	n, err := topicOf(c, "TopicArn", in.TopicArn)
	if err != nil {
		return nil, err
	}
	list := "ListSubscriptionsByTopic/" + in.TopicArn
	cursor, err := page(list, "NextToken", in.NextToken)
	if err != nil {
		return nil, err
	}
	out := &model.ListSubscriptionsByTopicOutput{}
	err = s.read(func(v *store.View) error {
		subs, next, err := topic.ByTopic(v, n, cursor, pageSize)
		out.Subscriptions, out.NextToken = listed(subs), nextToken(list, next)
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}
