package iam

import (
	"context"

	model "github.com/carillon-events/carillon/internal/awsmodel/iam"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/wire"
)

// PutRolePolicy gives a role an inline policy, or replaces it.
func (s *Service) PutRolePolicy(ctx context.Context, c *wire.Call, in *model.PutRolePolicyInput) (*model.PutRolePolicyOutput, error) {

	doc, err := identityDocument(in.PolicyDocument)
	if err != nil {
		return nil, err
	}
	return nil, s.change(ctx, func(tx *store.Tx) error { return s.core.PutInline(tx, role(c, in.RoleName), in.PolicyName, doc) })
}
