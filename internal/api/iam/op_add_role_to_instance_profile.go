package iam

import (
	"context"

	model "github.com/carillon-events/carillon/internal/awsmodel/iam"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/wire"
)

// AddRoleToInstanceProfile puts a role into an instance profile, which takes one.
func (s *Service) AddRoleToInstanceProfile(ctx context.Context, c *wire.Call, in *model.AddRoleToInstanceProfileInput) (*model.AddRoleToInstanceProfileOutput, error) {
	if err := s.mayPass(ctx, c, in.RoleName); err != nil {
		return nil, err
	}
	return nil, s.change(ctx, func(tx *store.Tx) error {
		return s.core.FillProfile(tx, c.Account, in.InstanceProfileName, in.RoleName)
	})
}
