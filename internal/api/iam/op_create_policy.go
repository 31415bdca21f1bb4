package iam

import (
	"context"

	model "github.com/carillon-events/carillon/internal/awsmodel/iam"
	"github.com/carillon-events/carillon/internal/identity"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/wire"
)

// CreatePolicy makes a managed policy with a first version.
func (s *Service) CreatePolicy(ctx context.Context, c *wire.Call, in *model.CreatePolicyInput) (*model.CreatePolicyOutput, error) {

	doc, err := identityDocument(in.PolicyDocument)
	if err != nil {
		return nil, err
	}
	tags, err := s.mayTag(ctx, c, "iam:TagPolicy", in, in.Tags)
	if err != nil {
		return nil, err
	}
	m := identity.Managed{
		Account: c.Account, Name: in.PolicyName, Path: in.Path.Or("/"), ID: newID(policyID), Description: in.Description.V, Tags: tags,
	}
	err = s.change(ctx, func(tx *store.Tx) (err error) {
		m, err = s.core.CreatePolicy(tx, m, doc)
		return err
	})
	if err != nil {
		return nil, err
	}
	p := policyOf(&m, identity.Uses{}, true)
	return &model.CreatePolicyOutput{Policy: &p}, nil
}
