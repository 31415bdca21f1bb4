package iam

import (
	"context"
	"strings"

	model "github.com/carillon-events/carillon/internal/awsmodel/iam"
	"github.com/carillon-events/carillon/internal/identity"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/wire"
)

// defaultSession is how long a role's session may be in seconds, if nobody says.
const defaultSession = 3600

// CreateRole makes a role, which its trust policy says who may assume.
func (s *Service) CreateRole(ctx context.Context, c *wire.Call, in *model.CreateRoleInput) (*model.CreateRoleOutput, error) {

	trust, err := trustDocument(in.AssumeRolePolicyDocument)
	if err != nil {
		return nil, err
	}
	tags, err := s.mayTag(ctx, c, "iam:TagRole", in, in.Tags)
	if err != nil {
		return nil, err
	}
	rec := identity.Record{
		Kind: identity.Role, Account: c.Account, Name: in.RoleName, Path: in.Path.Or("/"), ID: newID(roleID), Tags: tags,
		Boundary: in.PermissionsBoundary.V, Trust: in.AssumeRolePolicyDocument, Description: in.Description.V,
		MaxSession: int(in.MaxSessionDuration.Or(defaultSession)),
	}
	if strings.HasPrefix(rec.Path, servicePath) {
		return nil, say(codeInput, "Path "+servicePath+" is of service-linked roles: CreateServiceLinkedRole makes them.")
	}
	err = s.change(ctx, func(tx *store.Tx) error {
		if err := identity.Trusts(tx, c.Account, trust); err != nil {
			return err
		}
		rec.CreatedAt = tx.Now()
		return attachable(s.core.Create(tx, rec))
	})
	if err != nil {
		return nil, err
	}
	out := &model.CreateRoleOutput{Role: roleOf(&rec, true)}
	out.Role.RoleLastUsed = nil
	return out, nil
}
