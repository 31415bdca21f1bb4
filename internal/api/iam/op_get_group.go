package iam

import (
	"context"

	model "github.com/carillon-events/carillon/internal/awsmodel/iam"
	"github.com/carillon-events/carillon/internal/identity"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/wire"
)

// GetGroup describes a group and lists its users by name.
func (s *Service) GetGroup(ctx context.Context, c *wire.Call, in *model.GetGroupInput) (*model.GetGroupOutput, error) {

	w, err := windowOf(c, in.GroupName, in.Marker, in.MaxItems)
	if err != nil {
		return nil, err
	}
	out := &model.GetGroupOutput{Users: []model.User{}}
	err = s.read(func(v *store.View) error {
		rec, err := identity.Get(v, group(c, in.GroupName))
		if err != nil {
			return err
		}
		out.Group = groupOf(&rec)
		names, more, err := identity.Members(v, rec.Ref(), w.after, w.limit)
		if err != nil {
			return err
		}
		last := ""
		for _, last = range names {
			u, err := identity.Get(v, user(c, last))
			if err != nil {
				return err
			}
			out.Users = append(out.Users, userOf(&u, false))
		}
		out.IsTruncated, out.Marker = w.end(more, last)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}
