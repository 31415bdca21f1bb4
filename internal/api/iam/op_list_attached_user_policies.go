package iam

import (
	"context"

	model "github.com/carillon-events/carillon/internal/awsmodel/iam"
	"github.com/carillon-events/carillon/internal/wire"
)

// ListAttachedUserPolicies lists the managed policies of a user by name.
func (s *Service) ListAttachedUserPolicies(ctx context.Context, c *wire.Call, in *model.ListAttachedUserPoliciesInput) (*model.ListAttachedUserPoliciesOutput, error) {

	w, err := windowOf(c, in.UserName, in.Marker, in.MaxItems)
	if err != nil {
		return nil, err
	}
	rec, err := s.get(user(c, in.UserName))
	if err != nil {
		return nil, err
	}
	out := &model.ListAttachedUserPoliciesOutput{}
	out.AttachedPolicies, out.IsTruncated, out.Marker = cut(w, attachedList(&rec, in.PathPrefix.Or("/")), attachedName)
	return out, nil
}
