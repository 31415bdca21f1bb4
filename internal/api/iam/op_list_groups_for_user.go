package iam

import (
	"context"
	"slices"
	"strings"

	model "github.com/carillon-events/carillon/internal/awsmodel/iam"
	"github.com/carillon-events/carillon/internal/identity"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/wire"
)

// ListGroupsForUser lists a user's groups by name.
func (s *Service) ListGroupsForUser(ctx context.Context, c *wire.Call, in *model.ListGroupsForUserInput) (*model.ListGroupsForUserOutput, error) {

	w, err := windowOf(c, in.UserName, in.Marker, in.MaxItems)
	if err != nil {
		return nil, err
	}
	var groups []model.Group
	err = s.read(func(v *store.View) error {
		rec, err := identity.Get(v, user(c, in.UserName))
		if err != nil {
			return err
		}
		for _, name := range slices.Sorted(slices.Values(rec.Groups)) {
			g, err := identity.Get(v, group(c, name))
			if err != nil {
				return err
			}
			groups = append(groups, groupOf(&g))
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	out := &model.ListGroupsForUserOutput{}
	out.Groups, out.IsTruncated, out.Marker = cut(w, groups, func(g model.Group) string { return strings.ToLower(g.GroupName) })
	return out, nil
}
