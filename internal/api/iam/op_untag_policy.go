package iam

import (
	"context"

	model "github.com/carillon-events/carillon/internal/awsmodel/iam"
	"github.com/carillon-events/carillon/internal/identity"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/wire"
)

// UntagPolicy removes tags of a managed policy.
func (s *Service) UntagPolicy(ctx context.Context, c *wire.Call, in *model.UntagPolicyInput) (*model.UntagPolicyOutput, error) {

	return nil, s.change(ctx, func(tx *store.Tx) error {
		return s.core.ChangePolicy(tx, c.Account, in.PolicyArn, func(m *identity.Managed) error {
			m.Tags = untagged(m.Tags, in.TagKeys)
			return nil
		})
	})
}
