package iam

import (
	"context"

	model "github.com/carillon-events/carillon/internal/awsmodel/iam"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/wire"
)

// DeleteRolePermissionsBoundary lifts that limit.
func (s *Service) DeleteRolePermissionsBoundary(ctx context.Context, c *wire.Call, in *model.DeleteRolePermissionsBoundaryInput) (*model.DeleteRolePermissionsBoundaryOutput, error) {

	return nil, s.change(ctx, func(tx *store.Tx) error { return s.core.SetBoundary(tx, role(c, in.RoleName), "") })
}
