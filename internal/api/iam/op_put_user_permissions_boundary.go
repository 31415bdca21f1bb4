package iam

import (
	"context"

	model "github.com/carillon-events/carillon/internal/awsmodel/iam"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/wire"
)

// PutUserPermissionsBoundary limits a user to what a managed policy allows.
func (s *Service) PutUserPermissionsBoundary(ctx context.Context, c *wire.Call, in *model.PutUserPermissionsBoundaryInput) (*model.PutUserPermissionsBoundaryOutput, error) {
	if err := ofService(in.PermissionsBoundary); err != nil {
		return nil, err
	}
	return nil, s.change(ctx, func(tx *store.Tx) error {
		return attachable(s.core.SetBoundary(tx, user(c, in.UserName), in.PermissionsBoundary))
	})
}
