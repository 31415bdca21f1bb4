package iam

import (
	"context"

	model "github.com/carillon-events/carillon/internal/awsmodel/iam"
	"github.com/carillon-events/carillon/internal/identity"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/wire"
)

// GetPolicyVersion tells a version with its document.
func (s *Service) GetPolicyVersion(ctx context.Context, c *wire.Call, in *model.GetPolicyVersionInput) (*model.GetPolicyVersionOutput, error) {

	m, err := s.policy(c, in.PolicyArn)
	if err != nil {
		return nil, err
	}
	v, ok := m.Version(versionNumber(in.VersionId))
	if !ok {
		return nil, say(codeNoEntity, "Policy "+in.PolicyArn+" version "+in.VersionId+" does not exist or is not attachable.")
	}
	out := versionOf(&m, v, true)
	return &model.GetPolicyVersionOutput{PolicyVersion: &out}, nil
}

func (s *Service) policy(c *wire.Call, policyARN string) (m identity.Managed, err error) {
	err = s.read(func(v *store.View) (err error) {
		m, err = identity.GetPolicy(v, c.Account, policyARN)
		return err
	})
	return m, err
}
