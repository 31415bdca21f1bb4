package iam

import (
	"context"

	model "github.com/carillon-events/carillon/internal/awsmodel/iam"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/wire"
)

// DeletePolicy removes a managed policy that nobody has.
func (s *Service) DeletePolicy(ctx context.Context, c *wire.Call, in *model.DeletePolicyInput) (*model.DeletePolicyOutput, error) {

	return nil, s.change(ctx, func(tx *store.Tx) error { return s.core.DeletePolicy(tx, c.Account, in.PolicyArn) })
}
