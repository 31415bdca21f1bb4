package iam

import (
	"context"

	model "github.com/carillon-events/carillon/internal/awsmodel/iam"
	"github.com/carillon-events/carillon/internal/identity"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/wire"
)

// CreateLoginProfile says that a user may sign in. The password is not kept, since there is nowhere to sign in.
func (s *Service) CreateLoginProfile(ctx context.Context, c *wire.Call, in *model.CreateLoginProfileInput) (*model.CreateLoginProfileOutput, error) {

	name, err := whoseUser(c, in.UserName)
	if err != nil {
		return nil, err
	}
	if in.Password.V == "" {
		return nil, say(codeValidation, "Password is required.")
	}
	login := identity.Login{MustReset: in.PasswordResetRequired.V}
	err = s.change(ctx, func(tx *store.Tx) error {
		return s.core.Change(tx, user(c, name), false, func(rec *identity.Record) error {
			if rec.Login != nil {
				return &identity.Fault{Err: identity.ErrExists, What: identity.ALogin, Name: rec.Name}
			}
			login.CreatedAt = tx.Now()
			rec.Login = &login
			return nil
		})
	})
	if err != nil {
		return nil, err
	}
	return &model.CreateLoginProfileOutput{LoginProfile: loginOf(name, &login)}, nil
}

func loginOf(name string, l *identity.Login) model.LoginProfile {
	return model.LoginProfile{UserName: name, CreateDate: l.CreatedAt, PasswordResetRequired: wire.Some(l.MustReset)}
}

// changeLogin changes a login profile that must be there.
func (s *Service) changeLogin(ctx context.Context, ref identity.Ref, edit func(rec *identity.Record)) error {
	return s.change(ctx, func(tx *store.Tx) error {
		return s.core.Change(tx, ref, false, func(rec *identity.Record) error {
			if rec.Login == nil {
				return noLogin(rec.Name)
			}
			edit(rec)
			return nil
		})
	})
}

func noLogin(name string) error {
	return &identity.Fault{Err: identity.ErrNotFound, What: identity.ALogin, Name: name}
}
