package iam

import (
	"context"

	model "github.com/carillon-events/carillon/internal/awsmodel/iam"
	"github.com/carillon-events/carillon/internal/identity"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/wire"
)

// GetInstanceProfile describes an instance profile with its role.
func (s *Service) GetInstanceProfile(ctx context.Context, c *wire.Call, in *model.GetInstanceProfileInput) (*model.GetInstanceProfileOutput, error) {

	out := &model.GetInstanceProfileOutput{}
	err := s.read(func(v *store.View) error {
		p, err := identity.GetProfile(v, c.Account, in.InstanceProfileName)
		if err != nil {
			return err
		}
		out.InstanceProfile, err = profile(v, &p)
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}
