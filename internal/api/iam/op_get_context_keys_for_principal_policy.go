package iam

import (
	"context"

	model "github.com/carillon-events/carillon/internal/awsmodel/iam"
	"github.com/carillon-events/carillon/internal/wire"
)

// GetContextKeysForPrincipalPolicy tells which condition keys the policies of a user, a group or a role ask for.
func (s *Service) GetContextKeysForPrincipalPolicy(ctx context.Context, c *wire.Call, in *model.GetContextKeysForPrincipalPolicyInput) (*model.GetContextKeysForPrincipalPolicyOutput, error) {

	who, err := s.source(c, in.PolicySourceArn)
	if err != nil {
		return nil, err
	}
	keys, err := contextKeys(who.set.Identity, in.PolicyInputList)
	if err != nil {
		return nil, err
	}
	return &model.GetContextKeysForPrincipalPolicyOutput{ContextKeyNames: keys}, nil
}
