package iam

import (
	"context"

	model "github.com/carillon-events/carillon/internal/awsmodel/iam"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/wire"
)

// PutUserPolicy gives a user an inline policy, or replaces it.
func (s *Service) PutUserPolicy(ctx context.Context, c *wire.Call, in *model.PutUserPolicyInput) (*model.PutUserPolicyOutput, error) {

	doc, err := identityDocument(in.PolicyDocument)
	if err != nil {
		return nil, err
	}
	return nil, s.change(ctx, func(tx *store.Tx) error { return s.core.PutInline(tx, user(c, in.UserName), in.PolicyName, doc) })
}
