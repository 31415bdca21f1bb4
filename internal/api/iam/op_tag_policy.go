package iam

import (
	"context"

	model "github.com/carillon-events/carillon/internal/awsmodel/iam"
	"github.com/carillon-events/carillon/internal/identity"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/wire"
)

// TagPolicy sets tags of a managed policy.
func (s *Service) TagPolicy(ctx context.Context, c *wire.Call, in *model.TagPolicyInput) (*model.TagPolicyOutput, error) {

	tags, err := tagMap(in.Tags)
	if err != nil {
		return nil, err
	}
	return nil, s.change(ctx, func(tx *store.Tx) error {
		return s.core.ChangePolicy(tx, c.Account, in.PolicyArn, func(m *identity.Managed) error {
			m.Tags = tagged(m.Tags, tags)
			return nil
		})
	})
}
