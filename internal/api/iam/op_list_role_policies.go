package iam

import (
	"context"
	"maps"
	"slices"

	model "github.com/carillon-events/carillon/internal/awsmodel/iam"
	"github.com/carillon-events/carillon/internal/wire"
)

// ListRolePolicies lists the inline policies of a role by name.
func (s *Service) ListRolePolicies(ctx context.Context, c *wire.Call, in *model.ListRolePoliciesInput) (*model.ListRolePoliciesOutput, error) {

	w, err := windowOf(c, in.RoleName, in.Marker, in.MaxItems)
	if err != nil {
		return nil, err
	}
	rec, err := s.get(role(c, in.RoleName))
	if err != nil {
		return nil, err
	}
	out := &model.ListRolePoliciesOutput{}
	out.PolicyNames, out.IsTruncated, out.Marker = cut(w, slices.Sorted(maps.Keys(rec.Inline)), itself)
	return out, nil
}
