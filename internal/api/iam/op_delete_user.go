package iam

import (
	"context"

	model "github.com/carillon-events/carillon/internal/awsmodel/iam"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/wire"
)

// DeleteUser removes a user that has nothing left.
func (s *Service) DeleteUser(ctx context.Context, c *wire.Call, in *model.DeleteUserInput) (*model.DeleteUserOutput, error) {

	return nil, s.change(ctx, func(tx *store.Tx) error { return s.core.Delete(tx, user(c, in.UserName), false) })
}
