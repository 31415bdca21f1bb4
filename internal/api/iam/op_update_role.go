package iam

import (
	"context"

	model "github.com/carillon-events/carillon/internal/awsmodel/iam"
	"github.com/carillon-events/carillon/internal/identity"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/wire"
)

// UpdateRole sets a role's description and how long its sessions may be.
func (s *Service) UpdateRole(ctx context.Context, c *wire.Call, in *model.UpdateRoleInput) (*model.UpdateRoleOutput, error) {

	return nil, s.change(ctx, func(tx *store.Tx) error {
		return s.core.Change(tx, role(c, in.RoleName), !in.MaxSessionDuration.OK, func(rec *identity.Record) error {
			if in.Description.OK {
				rec.Description = in.Description.V
			}
			if in.MaxSessionDuration.OK {
				rec.MaxSession = int(in.MaxSessionDuration.V)
			}
			return nil
		})
	})
}
