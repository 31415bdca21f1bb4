package iam

import (
	"context"

	model "github.com/carillon-events/carillon/internal/awsmodel/iam"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/wire"
)

// DeleteUserPolicy removes an inline policy of a user.
func (s *Service) DeleteUserPolicy(ctx context.Context, c *wire.Call, in *model.DeleteUserPolicyInput) (*model.DeleteUserPolicyOutput, error) {

	return nil, s.change(ctx, func(tx *store.Tx) error { return s.core.DropInline(tx, user(c, in.UserName), in.PolicyName) })
}
