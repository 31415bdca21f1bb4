package iam

import (
	"context"

	model "github.com/carillon-events/carillon/internal/awsmodel/iam"
	"github.com/carillon-events/carillon/internal/wire"
)

// ListAttachedGroupPolicies lists the managed policies of a group by name.
func (s *Service) ListAttachedGroupPolicies(ctx context.Context, c *wire.Call, in *model.ListAttachedGroupPoliciesInput) (*model.ListAttachedGroupPoliciesOutput, error) {

	w, err := windowOf(c, in.GroupName, in.Marker, in.MaxItems)
	if err != nil {
		return nil, err
	}
	rec, err := s.get(group(c, in.GroupName))
	if err != nil {
		return nil, err
	}
	out := &model.ListAttachedGroupPoliciesOutput{}
	out.AttachedPolicies, out.IsTruncated, out.Marker = cut(w, attachedList(&rec, in.PathPrefix.Or("/")), attachedName)
	return out, nil
}
