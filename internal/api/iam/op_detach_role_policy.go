package iam

import (
	"context"

	model "github.com/carillon-events/carillon/internal/awsmodel/iam"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/wire"
)

// DetachRolePolicy takes a managed policy away from a role.
func (s *Service) DetachRolePolicy(ctx context.Context, c *wire.Call, in *model.DetachRolePolicyInput) (*model.DetachRolePolicyOutput, error) {

	return nil, s.change(ctx, func(tx *store.Tx) error { return s.core.Detach(tx, role(c, in.RoleName), in.PolicyArn) })
}
