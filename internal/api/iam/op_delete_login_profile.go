package iam

import (
	"context"

	model "github.com/carillon-events/carillon/internal/awsmodel/iam"
	"github.com/carillon-events/carillon/internal/identity"
	"github.com/carillon-events/carillon/internal/wire"
)

// DeleteLoginProfile says that a user may not sign in.
func (s *Service) DeleteLoginProfile(ctx context.Context, c *wire.Call, in *model.DeleteLoginProfileInput) (*model.DeleteLoginProfileOutput, error) {

	name, err := whoseUser(c, in.UserName)
	if err != nil {
		return nil, err
	}
	return nil, s.changeLogin(ctx, user(c, name), func(rec *identity.Record) { rec.Login = nil })
}
