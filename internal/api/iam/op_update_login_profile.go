package iam

import (
	"context"

	model "github.com/carillon-events/carillon/internal/awsmodel/iam"
	"github.com/carillon-events/carillon/internal/identity"
	"github.com/carillon-events/carillon/internal/wire"
)

// UpdateLoginProfile sets what a sign-in asks for.
func (s *Service) UpdateLoginProfile(ctx context.Context, c *wire.Call, in *model.UpdateLoginProfileInput) (*model.UpdateLoginProfileOutput, error) {

	return nil, s.changeLogin(ctx, user(c, in.UserName), func(rec *identity.Record) {
		login := *rec.Login
		login.MustReset = in.PasswordResetRequired.Or(login.MustReset)
		rec.Login = &login
	})
}
