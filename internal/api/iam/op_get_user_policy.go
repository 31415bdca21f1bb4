package iam

import (
	"context"

	model "github.com/carillon-events/carillon/internal/awsmodel/iam"
	"github.com/carillon-events/carillon/internal/wire"
)

// GetUserPolicy tells an inline policy of a user.
func (s *Service) GetUserPolicy(ctx context.Context, c *wire.Call, in *model.GetUserPolicyInput) (*model.GetUserPolicyOutput, error) {

	rec, text, err := s.inline(user(c, in.UserName), in.PolicyName)
	if err != nil {
		return nil, err
	}
	return &model.GetUserPolicyOutput{UserName: rec.Name, PolicyName: in.PolicyName, PolicyDocument: escaped(text)}, nil
}
