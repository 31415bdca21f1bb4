package iam

import (
	model "github.com/carillon-events/carillon/internal/awsmodel/iam"
	"github.com/carillon-events/carillon/internal/identity"
)

// profileOf describes a profile; r is its role, if it has one.
func profileOf(p *identity.Profile, r *identity.Record) model.InstanceProfile {
	out := model.InstanceProfile{
		Path: p.Path, InstanceProfileName: p.Name, InstanceProfileId: p.ID, Arn: p.ARN(), CreateDate: p.CreatedAt,
		Roles: []model.Role{}, Tags: tagList(p.Tags),
	}
	if r != nil {
		out.Roles = append(out.Roles, roleOf(r, false))
	}
	return out
}

// profile describes a profile with its role.
func profile(r identity.Reader, p *identity.Profile) (model.InstanceProfile, error) {
	if p.Role == "" {
		return profileOf(p, nil), nil
	}
	rec, err := identity.Get(r, identity.Ref{Kind: identity.Role, Account: p.Account, Name: p.Role})
	return profileOf(p, &rec), err
}
