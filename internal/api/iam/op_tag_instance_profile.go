package iam

import (
	"context"

	model "github.com/carillon-events/carillon/internal/awsmodel/iam"
	"github.com/carillon-events/carillon/internal/identity"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/wire"
)

// TagInstanceProfile sets tags of an instance profile.
func (s *Service) TagInstanceProfile(ctx context.Context, c *wire.Call, in *model.TagInstanceProfileInput) (*model.TagInstanceProfileOutput, error) {

	tags, err := tagMap(in.Tags)
	if err != nil {
		return nil, err
	}
	return nil, s.change(ctx, func(tx *store.Tx) error {
		return s.core.ChangeProfile(tx, c.Account, in.InstanceProfileName, func(p *identity.Profile) error {
			p.Tags = tagged(p.Tags, tags)
			return nil
		})
	})
}
