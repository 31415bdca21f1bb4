package iam

import (
	"context"

	model "github.com/carillon-events/carillon/internal/awsmodel/iam"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/wire"
)

// UpdateUser gives a user another name or path.
func (s *Service) UpdateUser(ctx context.Context, c *wire.Call, in *model.UpdateUserInput) (*model.UpdateUserOutput, error) {
	if err := s.renamed(ctx, c, "user", in.UserName, in.NewUserName.V, in.NewPath.V); err != nil {
		return nil, err
	}
	return nil, s.change(ctx, func(tx *store.Tx) error {
		return s.core.Rename(tx, user(c, in.UserName), in.NewUserName.V, in.NewPath.V)
	})
}
