package iam

import (
	"context"

	model "github.com/carillon-events/carillon/internal/awsmodel/iam"
	"github.com/carillon-events/carillon/internal/identity"
	"github.com/carillon-events/carillon/internal/wire"
)

// GetAccountPasswordPolicy tells what passwords have to be like.
func (s *Service) GetAccountPasswordPolicy(ctx context.Context, c *wire.Call, in *model.GetAccountPasswordPolicyInput) (*model.GetAccountPasswordPolicyOutput, error) {

	a, err := s.account(c)
	if err != nil {
		return nil, err
	}
	r := a.Passwords
	if r == nil {
		return nil, explain(&identity.Fault{Err: identity.ErrNotFound, What: identity.APasswordRule, Name: c.Account})
	}
	out := &model.GetAccountPasswordPolicyOutput{PasswordPolicy: model.PasswordPolicy{
		MinimumPasswordLength: wire.Some(int32(r.MinLength)), RequireSymbols: wire.Some(r.Symbols), RequireNumbers: wire.Some(r.Numbers),
		RequireUppercaseCharacters: wire.Some(r.Upper), RequireLowercaseCharacters: wire.Some(r.Lower),
		AllowUsersToChangePassword: wire.Some(r.MayChange), ExpirePasswords: wire.Some(r.MaxAgeDays > 0), HardExpiry: wire.Some(r.HardExpiry),
	}}
	if r.MaxAgeDays > 0 {
		out.PasswordPolicy.MaxPasswordAge = wire.Some(int32(r.MaxAgeDays))
	}
	if r.NotLast > 0 {
		out.PasswordPolicy.PasswordReusePrevention = wire.Some(int32(r.NotLast))
	}
	return out, nil
}
