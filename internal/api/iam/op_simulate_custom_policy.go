package iam

import (
	"context"

	model "github.com/carillon-events/carillon/internal/awsmodel/iam"
	"github.com/carillon-events/carillon/internal/policy"
	"github.com/carillon-events/carillon/internal/wire"
)

// SimulateCustomPolicy decides by the policies of the request, as they would decide.
func (s *Service) SimulateCustomPolicy(ctx context.Context, c *wire.Call, in *model.SimulateCustomPolicyInput) (*model.SimulateCustomPolicyOutput, error) {

	m := &simulation{principal: policy.Principal{Kind: policy.User, ARN: "arn:aws:iam::" + c.Account + ":user/simulated", Account: c.Account}}
	if in.ResourcePolicy.V != "" {
		m.principal.ARN = ""
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
	out := &model.SimulateCustomPolicyOutput{}
	out.EvaluationResults, out.IsTruncated, out.Marker = m.results(w, q)
	return out, nil
}
