package iam

import (
	"context"

	model "github.com/carillon-events/carillon/internal/awsmodel/iam"
	"github.com/carillon-events/carillon/internal/wire"
)

// GetRole describes a role.
func (s *Service) GetRole(ctx context.Context, c *wire.Call, in *model.GetRoleInput) (*model.GetRoleOutput, error) {

	rec, err := s.get(role(c, in.RoleName))
	if err != nil {
		return nil, err
	}
	return &model.GetRoleOutput{Role: roleOf(&rec, true)}, nil
}
