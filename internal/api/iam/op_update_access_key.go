package iam

import (
	"context"

	model "github.com/carillon-events/carillon/internal/awsmodel/iam"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/wire"
)

// UpdateAccessKey makes a key one that may be used, or not.
func (s *Service) UpdateAccessKey(ctx context.Context, c *wire.Call, in *model.UpdateAccessKeyInput) (*model.UpdateAccessKeyOutput, error) {

	name, err := whose(c, in.UserName)
	if err != nil {
		return nil, err
	}
	if in.Status != statusActive && in.Status != statusInactive {
		return nil, say(codeValidation, "Status "+in.Status+" of an access key must be Active or Inactive.")
	}
	return nil, s.change(ctx, func(tx *store.Tx) error {
		return s.core.ActivateKey(tx, c.Account, name, in.AccessKeyId, in.Status == statusActive)
	})
}
