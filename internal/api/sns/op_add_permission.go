package sns

import (
	"context"
	"slices"

	"github.com/carillon-events/carillon/internal/arn"
	model "github.com/carillon-events/carillon/internal/awsmodel/sns"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/topic"
	"github.com/carillon-events/carillon/internal/wire"
)

// AddPermission adds a statement to a topic's policy.
func (s *Service) AddPermission(ctx context.Context, c *wire.Call, in *model.AddPermissionInput) (*model.AddPermissionOutput, error) {
	n, err := topicOf(c, "TopicArn", in.TopicArn)
	if err != nil {
		return nil, err
	}
	switch {
	case in.Label == "" || len(in.Label) > maxName:
		return nil, invalid("Label")
	case len(in.AWSAccountId) == 0 || len(in.AWSAccountId) > maxPrincipals:
		return nil, invalid("AWSAccountId")
	case len(in.ActionName) == 0:
		return nil, invalid("ActionName")
	}
	for _, account := range in.AWSAccountId {
		if !arn.IsAccount(account) {
			return nil, invalidFor("AWSAccountId", "An account has 12 digits.")
		}
	}
	for _, action := range in.ActionName {
		if !slices.Contains(actions, action) {
			return nil, invalid(outOfScope)
		}
	}
	return nil, s.changePolicy(ctx, n, func(p *accessPolicy) error { return p.grant(n, in.Label, in.AWSAccountId, in.ActionName) })
}

// changePolicy replaces a topic's policy by what edit makes of it.
func (s *Service) changePolicy(ctx context.Context, n topic.Name, edit func(p *accessPolicy) error) error {
	return s.change(ctx, func(tx *store.Tx) error {
		t, err := topic.Get(tx, n)
		if err != nil {
			return err
		}
		p, err := policyOf(n, t.Settings.Labels)
		if err != nil {
			return ofAttribute(err)
		}
		if err := edit(&p); err != nil {
			return err
		}
		text, err := p.text()
		if err != nil {
			return err
		}
		if len(text) > maxPolicy {
			return invalid("Policy Error: it would be longer than 30 KB")
		}
		return s.setAttribute(tx, n, attrPolicy, text)
	})
}
