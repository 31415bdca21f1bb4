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

// ListInstanceProfilesForRole lists the instance profiles that have a role, by name.
func (s *Service) ListInstanceProfilesForRole(ctx context.Context, c *wire.Call, in *model.ListInstanceProfilesForRoleInput) (*model.ListInstanceProfilesForRoleOutput, error) {

	w, err := windowOf(c, in.RoleName, in.Marker, in.MaxItems)
	if err != nil {
		return nil, err
	}
	var all []model.InstanceProfile
	err = s.read(func(v *store.View) error {
		rec, err := identity.Get(v, role(c, in.RoleName))
		if err != nil {
			return err
		}
		all, err = profilesOf(v, &rec)
		return err
	})
	if err != nil {
		return nil, err
	}
	out := &model.ListInstanceProfilesForRoleOutput{}
	out.InstanceProfiles, out.IsTruncated, out.Marker = cut(w, all, func(p model.InstanceProfile) string { return strings.ToLower(p.InstanceProfileName) })
	return out, nil
}

func profilesOf(r identity.Reader, rec *identity.Record) ([]model.InstanceProfile, error) {
	all := []model.InstanceProfile{}
	for _, name := range slices.Sorted(slices.Values(rec.Profiles)) {
		p, err := identity.GetProfile(r, rec.Account, name)
		if err != nil {
			return nil, err
		}
		all = append(all, profileOf(&p, rec))
	}
	return all, nil
}
