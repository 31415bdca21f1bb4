package iam

import (
	"context"

	model "github.com/carillon-events/carillon/internal/awsmodel/iam"
	"github.com/carillon-events/carillon/internal/identity"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/wire"
)

// UpdateAccountPasswordPolicy says what passwords have to be like. What is left out gets its default.
func (s *Service) UpdateAccountPasswordPolicy(ctx context.Context, c *wire.Call, in *model.UpdateAccountPasswordPolicyInput) (*model.UpdateAccountPasswordPolicyOutput, error) {

	rule := identity.PasswordRule{
		MinLength: int(in.MinimumPasswordLength.Or(6)), Symbols: in.RequireSymbols.V, Numbers: in.RequireNumbers.V,
		Upper: in.RequireUppercaseCharacters.V, Lower: in.RequireLowercaseCharacters.V, MayChange: in.AllowUsersToChangePassword.V,
		MaxAgeDays: int(in.MaxPasswordAge.V), NotLast: int(in.PasswordReusePrevention.V), HardExpiry: in.HardExpiry.V,
	}
	return nil, s.change(ctx, func(tx *store.Tx) error { return s.core.SetPasswordRule(tx, c.Account, &rule) })
}
