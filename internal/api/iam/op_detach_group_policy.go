package iam

import (
	"context"

	model "github.com/carillon-events/carillon/internal/awsmodel/iam"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/wire"
)

// DetachGroupPolicy takes a managed policy away from a group.
func (s *Service) DetachGroupPolicy(ctx context.Context, c *wire.Call, in *model.DetachGroupPolicyInput) (*model.DetachGroupPolicyOutput, error) {

	return nil, s.change(ctx, func(tx *store.Tx) error { return s.core.Detach(tx, group(c, in.GroupName), in.PolicyArn) })
}
