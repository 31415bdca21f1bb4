package iam

import (
	"context"

	model "github.com/carillon-events/carillon/internal/awsmodel/iam"
	"github.com/carillon-events/carillon/internal/identity"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/wire"
)

// CreateUser makes a user.
func (s *Service) CreateUser(ctx context.Context, c *wire.Call, in *model.CreateUserInput) (*model.CreateUserOutput, error) {

	tags, err := s.mayTag(ctx, c, "iam:TagUser", in, in.Tags)
	if err != nil {
		return nil, err
	}
	rec := identity.Record{
		Kind: identity.User, Account: c.Account, Name: in.UserName, Path: in.Path.Or("/"), ID: newID(userID),
		Tags: tags, Boundary: in.PermissionsBoundary.V,
	}
	out := &model.CreateUserOutput{}
	err = s.change(ctx, func(tx *store.Tx) error {
		rec.CreatedAt = tx.Now()
		return attachable(s.core.Create(tx, rec))
	})
	if err != nil {
		return nil, err
	}
	u := userOf(&rec, true)
	out.User = &u
	return out, nil
}
