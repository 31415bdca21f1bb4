package iam

import (
	"context"

	model "github.com/carillon-events/carillon/internal/awsmodel/iam"
	"github.com/carillon-events/carillon/internal/identity"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/wire"
)

// CreateInstanceProfile makes an instance profile without a role.
func (s *Service) CreateInstanceProfile(ctx context.Context, c *wire.Call, in *model.CreateInstanceProfileInput) (*model.CreateInstanceProfileOutput, error) {

	tags, err := s.mayTag(ctx, c, "iam:TagInstanceProfile", in, in.Tags)
	if err != nil {
		return nil, err
	}
	p := identity.Profile{Account: c.Account, Name: in.InstanceProfileName, Path: in.Path.Or("/"), ID: newID(profileID), Tags: tags}
	err = s.change(ctx, func(tx *store.Tx) (err error) {
		p, err = s.core.CreateProfile(tx, p)
		return err
	})
	if err != nil {
		return nil, err
	}
	return &model.CreateInstanceProfileOutput{InstanceProfile: profileOf(&p, nil)}, nil
}
