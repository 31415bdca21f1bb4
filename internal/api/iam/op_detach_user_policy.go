package iam

import (
	"context"

	model "github.com/carillon-events/carillon/internal/awsmodel/iam"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/wire"
)

// DetachUserPolicy takes a managed policy away from a user.
func (s *Service) DetachUserPolicy(ctx context.Context, c *wire.Call, in *model.DetachUserPolicyInput) (*model.DetachUserPolicyOutput, error) {

	return nil, s.change(ctx, func(tx *store.Tx) error { return s.core.Detach(tx, user(c, in.UserName), in.PolicyArn) })
}
