package iam

import (
	"context"

	model "github.com/carillon-events/carillon/internal/awsmodel/iam"
	"github.com/carillon-events/carillon/internal/identity"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/wire"
)

// ListInstanceProfiles lists instance profiles by name.
func (s *Service) ListInstanceProfiles(ctx context.Context, c *wire.Call, in *model.ListInstanceProfilesInput) (*model.ListInstanceProfilesOutput, error) {

	w, err := windowOf(c, in.PathPrefix.V, in.Marker, in.MaxItems)
	if err != nil {
		return nil, err
	}
	out := &model.ListInstanceProfilesOutput{InstanceProfiles: []model.InstanceProfile{}}
	err = s.read(func(v *store.View) error {
		all, more, err := identity.ListProfiles(v, c.Account, in.PathPrefix.Or("/"), w.after, w.limit)
		if err != nil {
			return err
		}
		last := ""
		for _, p := range all {
			one, err := profile(v, &p)
			if err != nil {
				return err
			}
			one.Tags, last = nil, p.Name
			out.InstanceProfiles = append(out.InstanceProfiles, one)
		}
		out.IsTruncated, out.Marker = w.end(more, last)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}
