package iam

import (
	"context"

	model "github.com/carillon-events/carillon/internal/awsmodel/iam"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/wire"
)

// PutGroupPolicy gives a group an inline policy, or replaces it.
func (s *Service) PutGroupPolicy(ctx context.Context, c *wire.Call, in *model.PutGroupPolicyInput) (*model.PutGroupPolicyOutput, error) {

	doc, err := identityDocument(in.PolicyDocument)
	if err != nil {
		return nil, err
	}
	return nil, s.change(ctx, func(tx *store.Tx) error { return s.core.PutInline(tx, group(c, in.GroupName), in.PolicyName, doc) })
}
