package iam

import (
	"context"

	model "github.com/carillon-events/carillon/internal/awsmodel/iam"
	"github.com/carillon-events/carillon/internal/wire"
)

// SimulatePrincipalPolicy decides by the policies that a user, a group or a role has, and those of the request.
func (s *Service) SimulatePrincipalPolicy(ctx context.Context, c *wire.Call, in *model.SimulatePrincipalPolicyInput) (*model.SimulatePrincipalPolicyOutput, error) {

	m, err := s.source(c, in.PolicySourceArn)
	if err != nil {
		return nil, err
	}
	more, err := parseAll(in.PolicyInputList, "PolicyInputList")
	if err != nil {
		return nil, err
	}
	m.set.Identity = append(m.set.Identity, more...)
	q := question{
		actions: in.ActionNames, resources: in.ResourceArns, boundaries: in.PermissionsBoundaryPolicyInputList,
		resourcePolicy: in.ResourcePolicy, owner: in.ResourceOwner, caller: in.CallerArn, entries: in.ContextEntries,
	}
	if err := m.ask(q); err != nil {
		return nil, err
	}
	w, err := windowOf(c, "", in.Marker, in.MaxItems)
	if err != nil {
		return nil, err
	}
	out := &model.SimulatePrincipalPolicyOutput{}
	out.EvaluationResults, out.IsTruncated, out.Marker = m.results(w, q)
	return out, nil
}
