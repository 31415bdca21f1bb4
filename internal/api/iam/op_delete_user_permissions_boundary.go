package iam

import (
	"context"

	model "github.com/carillon-events/carillon/internal/awsmodel/iam"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/wire"
)

// DeleteUserPermissionsBoundary lifts that limit.
func (s *Service) DeleteUserPermissionsBoundary(ctx context.Context, c *wire.Call, in *model.DeleteUserPermissionsBoundaryInput) (*model.DeleteUserPermissionsBoundaryOutput, error) {

	return nil, s.change(ctx, func(tx *store.Tx) error { return s.core.SetBoundary(tx, user(c, in.UserName), "") })
}
