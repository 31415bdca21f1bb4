package iam

import (
	"context"

	model "github.com/carillon-events/carillon/internal/awsmodel/iam"
	"github.com/carillon-events/carillon/internal/identity"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/wire"
)

// UpdateAssumeRolePolicy replaces a role's trust policy.
func (s *Service) UpdateAssumeRolePolicy(ctx context.Context, c *wire.Call, in *model.UpdateAssumeRolePolicyInput) (*model.UpdateAssumeRolePolicyOutput, error) {

	trust, err := trustDocument(in.PolicyDocument)
	if err != nil {
		return nil, err
	}
	return nil, s.change(ctx, func(tx *store.Tx) error {
		if err := identity.Trusts(tx, c.Account, trust); err != nil {
			return err
		}
		return s.core.Change(tx, role(c, in.RoleName), false, func(rec *identity.Record) error {
			rec.Trust = in.PolicyDocument
			return nil
		})
	})
}
