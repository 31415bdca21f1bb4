package iam

import (
	"context"

	model "github.com/carillon-events/carillon/internal/awsmodel/iam"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/wire"
)

// DeleteRolePolicy removes an inline policy of a role.
func (s *Service) DeleteRolePolicy(ctx context.Context, c *wire.Call, in *model.DeleteRolePolicyInput) (*model.DeleteRolePolicyOutput, error) {

	return nil, s.change(ctx, func(tx *store.Tx) error { return s.core.DropInline(tx, role(c, in.RoleName), in.PolicyName) })
}
