package iam

import (
	"context"

	model "github.com/carillon-events/carillon/internal/awsmodel/iam"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/wire"
)

// DeleteGroupPolicy removes an inline policy of a group.
func (s *Service) DeleteGroupPolicy(ctx context.Context, c *wire.Call, in *model.DeleteGroupPolicyInput) (*model.DeleteGroupPolicyOutput, error) {

	return nil, s.change(ctx, func(tx *store.Tx) error { return s.core.DropInline(tx, group(c, in.GroupName), in.PolicyName) })
}
