package iam

import (
	"context"

	model "github.com/carillon-events/carillon/internal/awsmodel/iam"
	"github.com/carillon-events/carillon/internal/wire"
)

// GetRolePolicy tells an inline policy of a role.
func (s *Service) GetRolePolicy(ctx context.Context, c *wire.Call, in *model.GetRolePolicyInput) (*model.GetRolePolicyOutput, error) {

	rec, text, err := s.inline(role(c, in.RoleName), in.PolicyName)
	if err != nil {
		return nil, err
	}
	return &model.GetRolePolicyOutput{RoleName: rec.Name, PolicyName: in.PolicyName, PolicyDocument: escaped(text)}, nil
}
