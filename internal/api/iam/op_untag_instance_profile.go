package iam

import (
	"context"

	model "github.com/carillon-events/carillon/internal/awsmodel/iam"
	"github.com/carillon-events/carillon/internal/identity"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/wire"
)

// UntagInstanceProfile removes tags of an instance profile.
func (s *Service) UntagInstanceProfile(ctx context.Context, c *wire.Call, in *model.UntagInstanceProfileInput) (*model.UntagInstanceProfileOutput, error) {

	return nil, s.change(ctx, func(tx *store.Tx) error {
		return s.core.ChangeProfile(tx, c.Account, in.InstanceProfileName, func(p *identity.Profile) error {
			p.Tags = untagged(p.Tags, in.TagKeys)
			return nil
		})
	})
}
