package sns

import (
	"context"
	"maps"
	"slices"

	model "github.com/carillon-events/carillon/internal/awsmodel/sns"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/topic"
	"github.com/carillon-events/carillon/internal/wire"
)

// SetSubscriptionAttributes sets one attribute of a subscription.
func (s *Service) SetSubscriptionAttributes(ctx context.Context, c *wire.Call, in *model.SetSubscriptionAttributesInput) (*model.SetSubscriptionAttributesOutput, error) {
	n, id, err := subscriptionOf(c, in.SubscriptionArn)
	if err != nil {
		return nil, err
	}
	if !slices.Contains(subscriptionAttributes, in.AttributeName) {
		return nil, invalid("AttributeName")
	}
	set := s.setter(in.AttributeName, in.AttributeValue.V)
	change := s.core.ChangeSubscription
	if in.AttributeName == attrReplay { // also a policy that is there already: it begins once more
		change = s.core.ChangeReplay
	}
	return nil, explainSubscription(s.change(ctx, func(tx *store.Tx) error {
		return change(tx, n, id, func(sub *topic.Subscription) error {
			if err := mayTouch(ctx, c, n, *sub); err != nil {
				return err
			}
			return ofAttribute(set(about{n, sub.Protocol, protocolAs(sub.Protocol)}, &sub.Settings))
		})
	}))
}

// setter sets an attribute in the transaction, whose subscription says what the
// value may be. A long filter policy is read before, for either scope.
func (s *Service) setter(name, value string) func(about, *topic.Subscribed) error {
	filters, failures := map[topic.Scope]string{}, map[topic.Scope]error{}
	if name == attrFilter {
		for _, scope := range []topic.Scope{topic.Attributes, topic.Body} {
			filters[scope], failures[scope] = filterOf(value, scope)
		}
	}
	return func(a about, to *topic.Subscribed) error {
		v, err := a.check(name, value)
		if err != nil {
			return err
		}
		labels, filter := map[string]string{}, to.Filter
		maps.Copy(labels, to.Labels)
		switch name {
		case attrFilter:
			if filter, err = filters[to.Scope], failures[to.Scope]; err != nil {
				return err
			}
		case attrScope:
			// Rare, and the policy that is there must suit the new scope.
			if _, err := filterOf(filter, scopeOf(v)); err != nil {
				return err
			}
			labels[name] = v
		default:
			labels[name] = v
		}
		*to = a.settings(labels, filter)
		return nil
	}
}
