package iam

import (
	"context"

	model "github.com/carillon-events/carillon/internal/awsmodel/iam"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/wire"
)

// DeleteRole removes a role that has nothing left.
func (s *Service) DeleteRole(ctx context.Context, c *wire.Call, in *model.DeleteRoleInput) (*model.DeleteRoleOutput, error) {

	return nil, s.change(ctx, func(tx *store.Tx) error { return s.core.Delete(tx, role(c, in.RoleName), false) })
}
