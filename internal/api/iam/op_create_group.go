package iam

import (
	"context"

	model "github.com/carillon-events/carillon/internal/awsmodel/iam"
	"github.com/carillon-events/carillon/internal/identity"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/wire"
)

// CreateGroup makes a group.
func (s *Service) CreateGroup(ctx context.Context, c *wire.Call, in *model.CreateGroupInput) (*model.CreateGroupOutput, error) {

	rec := identity.Record{Kind: identity.Group, Account: c.Account, Name: in.GroupName, Path: in.Path.Or("/"), ID: newID(groupID)}
	err := s.change(ctx, func(tx *store.Tx) error {
		rec.CreatedAt = tx.Now()
		return s.core.Create(tx, rec)
	})
	if err != nil {
		return nil, err
	}
	return &model.CreateGroupOutput{Group: groupOf(&rec)}, nil
}
