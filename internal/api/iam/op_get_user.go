package iam

import (
	"context"
	"time"

	"github.com/carillon-events/carillon/internal/arn"
	model "github.com/carillon-events/carillon/internal/awsmodel/iam"
	"github.com/carillon-events/carillon/internal/identity"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/wire"
)

// GetUser describes a user: the caller, if the request names none.
func (s *Service) GetUser(ctx context.Context, c *wire.Call, in *model.GetUserInput) (*model.GetUserOutput, error) {

	name, err := whose(c, in.UserName)
	if err != nil {
		return nil, err
	}
	if name == "" {
		return s.rootUser(c)
	}
	rec, err := s.get(user(c, name))
	if err != nil {
		return nil, err
	}
	return &model.GetUserOutput{User: userOf(&rec, true)}, nil
}

// rootUser is the account itself, as old as its oldest key.
func (s *Service) rootUser(c *wire.Call) (*model.GetUserOutput, error) {
	u := model.User{Path: "/", UserId: c.Account, Arn: arn.Root(c.Account).String(), CreateDate: time.Unix(0, 0)}
	err := s.read(func(v *store.View) error {
		keys, err := identity.KeysOf(v, c.Account, "")
		if len(keys) > 0 {
			u.CreateDate = keys[0].CreatedAt
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return &model.GetUserOutput{User: u}, nil
}
