package sns

import (
	"context"
	"errors"

	model "github.com/carillon-events/carillon/internal/awsmodel/sns"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/topic"
	"github.com/carillon-events/carillon/internal/wire"
)

// Unsubscribe ends a subscription; one that does not exist is as good as ended.
func (s *Service) Unsubscribe(ctx context.Context, c *wire.Call, in *model.UnsubscribeInput) (*model.UnsubscribeOutput, error) {
	n, id, err := subscriptionOf(c, in.SubscriptionArn)
	if err != nil {
		return nil, err
	}
	return nil, s.change(ctx, func(tx *store.Tx) error {
		sub, err := topic.GetSubscription(tx, n, id)
		switch {
		case errors.Is(err, topic.ErrNotSubscribed), errors.Is(err, topic.ErrNotFound):
			return nil
		case err != nil:
			return err
		}
		// Whoever has followed its UnsubscribeURL has signed nothing.
		if c.AccessKey == "" || c.Account != sub.Owner && c.Account != n.Account {
			return s.core.Leave(tx, n, id)
		}
		return s.core.Unsubscribe(tx, n, id)
	})
}
