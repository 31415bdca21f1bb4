package iam

import (
	"context"

	model "github.com/carillon-events/carillon/internal/awsmodel/iam"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/wire"
)

// DeleteGroup removes a group that has nothing left.
func (s *Service) DeleteGroup(ctx context.Context, c *wire.Call, in *model.DeleteGroupInput) (*model.DeleteGroupOutput, error) {

	return nil, s.change(ctx, func(tx *store.Tx) error { return s.core.Delete(tx, group(c, in.GroupName), false) })
}
