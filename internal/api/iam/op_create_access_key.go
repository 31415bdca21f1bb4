package iam

import (
	"context"

	model "github.com/carillon-events/carillon/internal/awsmodel/iam"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/wire"
)

// What an access key may be.
const (
	statusActive   = "Active"
	statusInactive = "Inactive"
)

// CreateAccessKey makes an access key of a user, or of the account's root. The secret is told this once.
func (s *Service) CreateAccessKey(ctx context.Context, c *wire.Call, in *model.CreateAccessKeyInput) (*model.CreateAccessKeyOutput, error) {

	name, err := whose(c, in.UserName)
	if err != nil {
		return nil, err
	}
	k, secret, err := NewKey(s.box, c.Account, name)
	if err != nil {
		return nil, err
	}
	err = s.change(ctx, func(tx *store.Tx) (err error) {
		k, err = s.core.CreateKey(tx, k)
		return err
	})
	if err != nil {
		return nil, err
	}
	return &model.CreateAccessKeyOutput{AccessKey: model.AccessKey{
		UserName: name, AccessKeyId: k.ID, Status: statusActive, SecretAccessKey: secret, CreateDate: wire.Some(k.CreatedAt),
	}}, nil
}
