package iam

import (
	"context"

	model "github.com/carillon-events/carillon/internal/awsmodel/iam"
	"github.com/carillon-events/carillon/internal/identity"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/wire"
)

// GetPolicy describes a managed policy.
func (s *Service) GetPolicy(ctx context.Context, c *wire.Call, in *model.GetPolicyInput) (*model.GetPolicyOutput, error) {

	var p model.Policy
	err := s.read(func(v *store.View) error {
		m, err := identity.GetPolicy(v, c.Account, in.PolicyArn)
		if err != nil {
			return err
		}
		uses, err := identity.UsesOf(v, c.Account, in.PolicyArn)
		p = policyOf(&m, uses, true)
		return err
	})
	if err != nil {
		return nil, err
	}
	return &model.GetPolicyOutput{Policy: &p}, nil
}
