package iam

import (
	"context"

	model "github.com/carillon-events/carillon/internal/awsmodel/iam"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/wire"
)

// PutRolePermissionsBoundary limits a role to what a managed policy allows.
func (s *Service) PutRolePermissionsBoundary(ctx context.Context, c *wire.Call, in *model.PutRolePermissionsBoundaryInput) (*model.PutRolePermissionsBoundaryOutput, error) {
	if err := ofService(in.PermissionsBoundary); err != nil {
		return nil, err
	}
	return nil, s.change(ctx, func(tx *store.Tx) error {
		return attachable(s.core.SetBoundary(tx, role(c, in.RoleName), in.PermissionsBoundary))
	})
}
