package iam

import (
	"context"

	model "github.com/carillon-events/carillon/internal/awsmodel/iam"
	"github.com/carillon-events/carillon/internal/identity"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/wire"
)

// UpdateRoleDescription is UpdateRole as it was before.
func (s *Service) UpdateRoleDescription(ctx context.Context, c *wire.Call, in *model.UpdateRoleDescriptionInput) (*model.UpdateRoleDescriptionOutput, error) {

	var r model.Role
	err := s.change(ctx, func(tx *store.Tx) error {
		return s.core.Change(tx, role(c, in.RoleName), true, func(rec *identity.Record) error {
			rec.Description = in.Description
			r = roleOf(rec, true)
			return nil
		})
	})
	if err != nil {
		return nil, err
	}
	return &model.UpdateRoleDescriptionOutput{Role: &r}, nil
}
