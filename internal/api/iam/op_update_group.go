package iam

import (
	"context"

	model "github.com/carillon-events/carillon/internal/awsmodel/iam"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/wire"
)

// UpdateGroup gives a group another name or path.
func (s *Service) UpdateGroup(ctx context.Context, c *wire.Call, in *model.UpdateGroupInput) (*model.UpdateGroupOutput, error) {
	if err := s.renamed(ctx, c, "group", in.GroupName, in.NewGroupName.V, in.NewPath.V); err != nil {
		return nil, err
	}
	return nil, s.change(ctx, func(tx *store.Tx) error {
		return s.core.Rename(tx, group(c, in.GroupName), in.NewGroupName.V, in.NewPath.V)
	})
}
