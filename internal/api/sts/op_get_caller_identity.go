package sts

import (
	"context"

	model "github.com/carillon-events/carillon/internal/awsmodel/sts"
	"github.com/carillon-events/carillon/internal/wire"
)

// GetCallerIdentity says who is calling. Every tool asks it first.
func (s *Service) GetCallerIdentity(_ context.Context, c *wire.Call, _ *model.GetCallerIdentityInput) (*model.GetCallerIdentityOutput, error) {
	return &model.GetCallerIdentityOutput{
		Account: wire.Some(c.Account),
		Arn:     wire.Some(c.Principal),
		UserId:  wire.Some(c.UserID()),
	}, nil
}
