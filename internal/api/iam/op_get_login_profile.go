package iam

import (
	"context"

	model "github.com/carillon-events/carillon/internal/awsmodel/iam"
	"github.com/carillon-events/carillon/internal/wire"
)

// GetLoginProfile tells whether a user may sign in.
func (s *Service) GetLoginProfile(ctx context.Context, c *wire.Call, in *model.GetLoginProfileInput) (*model.GetLoginProfileOutput, error) {

	name, err := whoseUser(c, in.UserName)
	if err != nil {
		return nil, err
	}
	rec, err := s.get(user(c, name))
	switch {
	case err != nil:
		return nil, err
	case rec.Login == nil:
		return nil, explain(noLogin(rec.Name))
	}
	return &model.GetLoginProfileOutput{LoginProfile: loginOf(rec.Name, rec.Login)}, nil
}
