package iam

import (
	"context"

	model "github.com/carillon-events/carillon/internal/awsmodel/iam"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/wire"
)

// AddUserToGroup makes a user a member. One who is one is as good as added.
func (s *Service) AddUserToGroup(ctx context.Context, c *wire.Call, in *model.AddUserToGroupInput) (*model.AddUserToGroupOutput, error) {

	return nil, s.change(ctx, func(tx *store.Tx) error { return s.core.Join(tx, c.Account, in.GroupName, in.UserName) })
}
