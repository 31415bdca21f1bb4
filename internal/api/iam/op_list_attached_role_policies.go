package iam

import (
	"context"

	model "github.com/carillon-events/carillon/internal/awsmodel/iam"
	"github.com/carillon-events/carillon/internal/wire"
)

// ListAttachedRolePolicies lists the managed policies of a role by name.
func (s *Service) ListAttachedRolePolicies(ctx context.Context, c *wire.Call, in *model.ListAttachedRolePoliciesInput) (*model.ListAttachedRolePoliciesOutput, error) {

	w, err := windowOf(c, in.RoleName, in.Marker, in.MaxItems)
	if err != nil {
		return nil, err
	}
	rec, err := s.get(role(c, in.RoleName))
	if err != nil {
		return nil, err
	}
	out := &model.ListAttachedRolePoliciesOutput{}
	out.AttachedPolicies, out.IsTruncated, out.Marker = cut(w, attachedList(&rec, in.PathPrefix.Or("/")), attachedName)
	return out, nil
}
