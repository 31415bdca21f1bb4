package iam

import (
	"context"

	model "github.com/carillon-events/carillon/internal/awsmodel/iam"
	"github.com/carillon-events/carillon/internal/identity"
	"github.com/carillon-events/carillon/internal/wire"
)

// ListRoles lists roles by name.
func (s *Service) ListRoles(ctx context.Context, c *wire.Call, in *model.ListRolesInput) (*model.ListRolesOutput, error) {

	out := &model.ListRolesOutput{Roles: []model.Role{}}
	var err error
	out.IsTruncated, out.Marker, err = s.list(c, identity.Role, in.PathPrefix, in.Marker, in.MaxItems, func(rec identity.Record) {
		out.Roles = append(out.Roles, roleOf(&rec, false))
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}
