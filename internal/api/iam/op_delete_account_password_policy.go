package iam

import (
	"context"

	model "github.com/carillon-events/carillon/internal/awsmodel/iam"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/wire"
)

// DeleteAccountPasswordPolicy drops the account's rule for passwords.
func (s *Service) DeleteAccountPasswordPolicy(ctx context.Context, c *wire.Call, in *model.DeleteAccountPasswordPolicyInput) (*model.DeleteAccountPasswordPolicyOutput, error) {

	return nil, s.change(ctx, func(tx *store.Tx) error { return s.core.SetPasswordRule(tx, c.Account, nil) })
}
