package iam

import (
	"context"
	"maps"
	"slices"

	model "github.com/carillon-events/carillon/internal/awsmodel/iam"
	"github.com/carillon-events/carillon/internal/wire"
)

// ListUserPolicies lists the inline policies of a user by name.
func (s *Service) ListUserPolicies(ctx context.Context, c *wire.Call, in *model.ListUserPoliciesInput) (*model.ListUserPoliciesOutput, error) {

	w, err := windowOf(c, in.UserName, in.Marker, in.MaxItems)
	if err != nil {
		return nil, err
	}
	rec, err := s.get(user(c, in.UserName))
	if err != nil {
		return nil, err
	}
	out := &model.ListUserPoliciesOutput{}
	out.PolicyNames, out.IsTruncated, out.Marker = cut(w, slices.Sorted(maps.Keys(rec.Inline)), itself)
	return out, nil
}
