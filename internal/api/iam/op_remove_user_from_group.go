package iam

import (
	"context"

	model "github.com/carillon-events/carillon/internal/awsmodel/iam"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/wire"
)

// RemoveUserFromGroup ends a membership.
func (s *Service) RemoveUserFromGroup(ctx context.Context, c *wire.Call, in *model.RemoveUserFromGroupInput) (*model.RemoveUserFromGroupOutput, error) {

	return nil, s.change(ctx, func(tx *store.Tx) error { return s.core.Leave(tx, c.Account, in.GroupName, in.UserName) })
}
