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
	end := s.core.Unsubscribe
	if c.AccessKey == "" { // somebody followed its UnsubscribeURL
		end = s.core.Leave
	}
	return nil, s.change(ctx, func(tx *store.Tx) error {
		err := end(tx, n, id, func(sub topic.Subscription) error {
			if sub.Guarded && (c.AccessKey == "" || c.Account != sub.Owner && c.Account != n.Account) {
				return say(codeAuthorization, "Only the owners of the subscription and of its topic may unsubscribe it")
			}
			return nil
		})
		if errors.Is(err, topic.ErrNotSubscribed) || errors.Is(err, topic.ErrNotFound) {
			return nil
		}
		return err
	})
}
