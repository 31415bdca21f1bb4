package iam

import (
	"context"

	model "github.com/carillon-events/carillon/internal/awsmodel/iam"
	"github.com/carillon-events/carillon/internal/wire"
)

// GetGroupPolicy tells an inline policy of a group.
func (s *Service) GetGroupPolicy(ctx context.Context, c *wire.Call, in *model.GetGroupPolicyInput) (*model.GetGroupPolicyOutput, error) {

	rec, text, err := s.inline(group(c, in.GroupName), in.PolicyName)
	if err != nil {
		return nil, err
	}
	return &model.GetGroupPolicyOutput{GroupName: rec.Name, PolicyName: in.PolicyName, PolicyDocument: escaped(text)}, nil
}
