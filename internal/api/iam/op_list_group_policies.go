package iam

import (
	"context"
	"maps"
	"slices"

	model "github.com/carillon-events/carillon/internal/awsmodel/iam"
	"github.com/carillon-events/carillon/internal/wire"
)

// ListGroupPolicies lists the inline policies of a group by name.
func (s *Service) ListGroupPolicies(ctx context.Context, c *wire.Call, in *model.ListGroupPoliciesInput) (*model.ListGroupPoliciesOutput, error) {

	w, err := windowOf(c, in.GroupName, in.Marker, in.MaxItems)
	if err != nil {
		return nil, err
	}
	rec, err := s.get(group(c, in.GroupName))
	if err != nil {
		return nil, err
	}
	out := &model.ListGroupPoliciesOutput{}
	out.PolicyNames, out.IsTruncated, out.Marker = cut(w, slices.Sorted(maps.Keys(rec.Inline)), itself)
	return out, nil
}
