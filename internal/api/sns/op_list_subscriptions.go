package sns

import (
	"context"

	model "github.com/carillon-events/carillon/internal/awsmodel/sns"
	"github.com/carillon-events/carillon/internal/outbound"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/topic"
	"github.com/carillon-events/carillon/internal/wire"
)

// ListSubscriptions lists the caller's subscriptions.
func (s *Service) ListSubscriptions(_ context.Context, c *wire.Call, in *model.ListSubscriptionsInput) (*model.ListSubscriptionsOutput, error) {
	list := "ListSubscriptions/" + c.Account + "/" + c.Region
	cursor, err := page(list, "NextToken", in.NextToken)
	if err != nil {
		return nil, err
	}
	out := &model.ListSubscriptionsOutput{}
	err = s.read(func(v *store.View) error {
		subs, next, err := topic.ByOwner(v, c.Account, c.Region, cursor, pageSize)
		out.Subscriptions, out.NextToken = listed(subs), nextToken(list, next)
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// listed is how a list shows subscriptions. A password in an endpoint is for
// GetSubscriptionAttributes only.
// https://docs.aws.amazon.com/sns/latest/dg/sns-http-https-endpoint-as-subscriber.html
func listed(subs []topic.Subscription) []model.Subscription {
	out := make([]model.Subscription, 0, len(subs))
	for _, s := range subs {
		name := s.ARN().String()
		if s.Pending {
			name = "PendingConfirmation"
		}
		out = append(out, model.Subscription{
			SubscriptionArn: wire.Some(name), Owner: wire.Some(s.Owner), Protocol: wire.Some(protocolAs(s.Protocol)),
			Endpoint: wire.Some(outbound.Masked(s.Endpoint)), TopicArn: wire.Some(s.Topic.ARN().String()),
		})
	}
	return out
}
