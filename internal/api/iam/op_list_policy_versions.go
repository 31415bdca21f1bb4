package iam

import (
	"context"

	model "github.com/carillon-events/carillon/internal/awsmodel/iam"
	"github.com/carillon-events/carillon/internal/wire"
)

// ListPolicyVersions lists the versions of a policy, the newest first.
func (s *Service) ListPolicyVersions(ctx context.Context, c *wire.Call, in *model.ListPolicyVersionsInput) (*model.ListPolicyVersionsOutput, error) {

	m, err := s.policy(c, in.PolicyArn)
	if err != nil {
		return nil, err
	}
	out := &model.ListPolicyVersionsOutput{Versions: []model.PolicyVersion{}, IsTruncated: wire.Some(false)}
	for i := len(m.Versions) - 1; i >= 0; i-- {
		out.Versions = append(out.Versions, versionOf(&m, &m.Versions[i], false))
	}
	return out, nil
}
