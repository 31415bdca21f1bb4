package iam

import (
	"context"

	model "github.com/carillon-events/carillon/internal/awsmodel/iam"
	"github.com/carillon-events/carillon/internal/identity"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/wire"
)

// CreatePolicyVersion makes another version of a managed policy.
func (s *Service) CreatePolicyVersion(ctx context.Context, c *wire.Call, in *model.CreatePolicyVersionInput) (*model.CreatePolicyVersionOutput, error) {

	doc, err := identityDocument(in.PolicyDocument)
	if err != nil {
		return nil, err
	}
	var out model.PolicyVersion
	err = s.change(ctx, func(tx *store.Tx) error {
		v, err := s.core.AddVersion(tx, c.Account, in.PolicyArn, doc, in.SetAsDefault.V)
		out = versionOf(&identity.Managed{}, &v, false)
		out.IsDefaultVersion = wire.Some(in.SetAsDefault.V)
		return err
	})
	if err != nil {
		return nil, err
	}
	return &model.CreatePolicyVersionOutput{PolicyVersion: &out}, nil
}
