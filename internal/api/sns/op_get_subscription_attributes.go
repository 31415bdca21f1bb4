package sns

import (
	"context"

	model "github.com/carillon-events/carillon/internal/awsmodel/sns"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/topic"
	"github.com/carillon-events/carillon/internal/wire"
)

// GetSubscriptionAttributes tells all that is known of a subscription.
func (s *Service) GetSubscriptionAttributes(ctx context.Context, c *wire.Call, in *model.GetSubscriptionAttributesInput) (*model.GetSubscriptionAttributesOutput, error) {
	n, id, err := subscriptionOf(c, in.SubscriptionArn)
	if err != nil {
		return nil, err
	}
	out := &model.GetSubscriptionAttributesOutput{}
	err = explainSubscription(s.read(func(v *store.View) error {
		t, err := topic.Get(v, n)
		if err != nil {
			return err
		}
		sub, err := topic.GetSubscription(v, n, id)
		if err != nil {
			return err
		}
		if err := mayTouch(ctx, c, n, sub); err != nil {
			return err
		}
		if out.Attributes, err = echoSubscription(sub, t.Settings.Config); err != nil {
			return err
		}
		return echoReplay(v, sub, out.Attributes)
	}))
	if err != nil {
		return nil, err
	}
	return out, nil
}

// explainSubscription is explain where a topic that does not exist means that
// its subscription does not.
func explainSubscription(err error) error {
	if e, ok := err.(*wire.Error); ok && e.Code == codeNotFound {
		return say(codeNotFound, "Subscription does not exist")
	}
	return err
}
