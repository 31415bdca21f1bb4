package iam

import (
	"context"

	model "github.com/carillon-events/carillon/internal/awsmodel/iam"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/wire"
)

// RemoveRoleFromInstanceProfile takes the role out of an instance profile.
func (s *Service) RemoveRoleFromInstanceProfile(ctx context.Context, c *wire.Call, in *model.RemoveRoleFromInstanceProfileInput) (*model.RemoveRoleFromInstanceProfileOutput, error) {

	return nil, s.change(ctx, func(tx *store.Tx) error {
		return s.core.EmptyProfile(tx, c.Account, in.InstanceProfileName, in.RoleName)
	})
}
