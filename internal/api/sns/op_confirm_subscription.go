package sns

import (
	"context"
	"strings"

	model "github.com/carillon-events/carillon/internal/awsmodel/sns"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/topic"
	"github.com/carillon-events/carillon/internal/wire"
)

// ConfirmSubscription confirms a subscription by the token that its endpoint
// was sent.
func (s *Service) ConfirmSubscription(ctx context.Context, c *wire.Call, in *model.ConfirmSubscriptionInput) (*model.ConfirmSubscriptionOutput, error) {
	n, err := topicOf(c, "TopicArn", in.TopicArn)
	if err != nil {
		return nil, err
	}
	guard := strings.EqualFold(in.AuthenticateOnUnsubscribe.V, "true")
	if v := in.AuthenticateOnUnsubscribe.V; v != "" && !guard && !strings.EqualFold(v, "false") {
		return nil, invalid("AuthenticateOnUnsubscribe")
	}
	known := c.AccessKey != ""
	if guard && !known {
		return nil, say(codeAuthorization, "AuthenticateOnUnsubscribe needs a request that is signed")
	}
	var confirmed topic.Subscription
	err = s.change(ctx, func(tx *store.Tx) (err error) {
		confirmed, err = s.core.Confirm(tx, n, in.Token, known, guard)
		return err
	})
	if err != nil {
		return nil, err
	}
	return &model.ConfirmSubscriptionOutput{SubscriptionArn: wire.Some(confirmed.ARN().String())}, nil
}
