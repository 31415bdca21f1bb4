package iam

import (
	"context"

	model "github.com/carillon-events/carillon/internal/awsmodel/iam"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/wire"
)

// DeleteAccessKey removes a key for good.
func (s *Service) DeleteAccessKey(ctx context.Context, c *wire.Call, in *model.DeleteAccessKeyInput) (*model.DeleteAccessKeyOutput, error) {

	name, err := whose(c, in.UserName)
	if err != nil {
		return nil, err
	}
	return nil, s.change(ctx, func(tx *store.Tx) error { return s.core.DeleteKey(tx, c.Account, name, in.AccessKeyId) })
}
