package iam

import (
	"context"

	model "github.com/carillon-events/carillon/internal/awsmodel/iam"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/wire"
)

// DeleteInstanceProfile removes an instance profile that has no role.
func (s *Service) DeleteInstanceProfile(ctx context.Context, c *wire.Call, in *model.DeleteInstanceProfileInput) (*model.DeleteInstanceProfileOutput, error) {

	return nil, s.change(ctx, func(tx *store.Tx) error { return s.core.DeleteProfile(tx, c.Account, in.InstanceProfileName) })
}
