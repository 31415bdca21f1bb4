package sns

import (
	"context"
	"errors"
	"net/url"

	model "github.com/carillon-events/carillon/internal/awsmodel/sns"
	"github.com/carillon-events/carillon/internal/mobile"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/topic"
	"github.com/carillon-events/carillon/internal/wire"
)

// notYet is the ARN of a subscription that waits to be confirmed, in the answer
// of Subscribe.
const notYet = "pending confirmation"

// Subscribe subscribes an endpoint to a topic. One that is subscribed, and has
// every attribute that the request gives, is as good as subscribed now; if it
// was never confirmed, it is asked again.
func (s *Service) Subscribe(ctx context.Context, c *wire.Call, in *model.SubscribeInput) (*model.SubscribeOutput, error) {
	n, err := topicOf(c, "TopicArn", in.TopicArn)
	if err != nil {
		return nil, err
	}
	p, err := protocolOf(n, in.Protocol)
	if err != nil {
		return nil, err
	}
	to, err := targetOf(c, n, p, in.Endpoint.V)
	if err != nil {
		return nil, err
	}
	if err := s.checkCalled(p, in.Endpoint.V); err != nil {
		return nil, err
	}
	settings, err := about{n, p, in.Protocol}.subscribed(in.Attributes)
	if err != nil {
		return nil, ofAttributes(err)
	}
	request := topic.Request{
		ID: s.newID(), Protocol: p, Endpoint: in.Endpoint.V, Owner: c.Account, Principal: c.Principal, Settings: settings, Confirmed: to.own,
	}
	var made topic.Subscription
	err = s.change(ctx, func(tx *store.Tx) (err error) {
		if err := to.check(tx, in.Endpoint.V); err != nil {
			return err
		}
		made, err = s.core.Subscribe(tx, n, request)
		if !errors.Is(err, topic.ErrSubscribed) {
			return err
		}
		if subscriptionDiffers(made.Settings, settings, in.Attributes) {
			return invalidFor("Attributes", "Subscription already exists with different attributes")
		}
		return s.core.Remind(tx, made)
	})
	if err != nil {
		return nil, err
	}
	answer := made.ARN().String()
	if made.Pending && !in.ReturnSubscriptionArn.V {
		answer = notYet
	}
	return &model.SubscribeOutput{SubscriptionArn: wire.Some(answer)}, nil
}

// checkCalled refuses a URL that nobody here would call: its owner should hear of
// it now, and not wonder where the confirmation is.
func (s *Service) checkCalled(p topic.Protocol, endpoint string) error {
	if s.check == nil || p != topic.HTTPPlain && p != topic.HTTPS {
		return nil
	}
	u, err := url.Parse(endpoint)
	if err == nil {
		err = s.check(u)
	}
	if err != nil {
		return invalidFor("Endpoint", err.Error())
	}
	return nil
}

// check refuses a device that is not registered.
func (t target) check(tx *store.Tx, text string) error {
	if t.device == nil {
		return nil
	}
	_, err := mobile.GetEndpoint(tx, t.device.app, t.device.id)
	if errors.Is(err, mobile.ErrNoEndpoint) {
		return invalidFor("Endpoint", "Endpoint does not exist for endpoint arn "+text)
	}
	return err
}
