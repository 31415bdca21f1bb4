package iam

import (
	"context"
	"errors"
	"strings"

	model "github.com/carillon-events/carillon/internal/awsmodel/iam"
	"github.com/carillon-events/carillon/internal/identity"
	"github.com/carillon-events/carillon/internal/policy/managed"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/wire"
)

// CreateServiceLinkedRole makes the role that a service uses in its own name.
func (s *Service) CreateServiceLinkedRole(ctx context.Context, c *wire.Call, in *model.CreateServiceLinkedRoleInput) (*model.CreateServiceLinkedRoleOutput, error) {

	if !strings.HasSuffix(in.AWSServiceName, ".amazonaws.com") || strings.ContainsAny(in.AWSServiceName, "/_") {
		return nil, say(codeInput, "Service name "+in.AWSServiceName+" is not valid.")
	}
	rec := identity.Record{
		Kind: identity.Role, Account: c.Account, Name: serviceRoleName(in.AWSServiceName, in.CustomSuffix.V), Path: servicePath + in.AWSServiceName + "/",
		ID: newID(roleID), Description: in.Description.V, MaxSession: defaultSession, Trust: serviceTrust(in.AWSServiceName), Service: in.AWSServiceName,
	}
	if len(rec.Name) > 64 {
		return nil, say(codeInput, "Role name "+rec.Name+" is longer than 64 characters.")
	}
	if _, err := trustDocument(rec.Trust); err != nil {
		return nil, say(codeInput, "Service name "+in.AWSServiceName+" is not valid.")
	}
	policyARN := managed.Prefix + servicePath + strings.TrimPrefix(strings.Replace(rec.Name, "AWSServiceRoleFor", "", 1), "/") + "ServiceRolePolicy"
	_, hasPolicy := managed.Find(policyARN)
	err := s.change(ctx, func(tx *store.Tx) error {
		rec.CreatedAt = tx.Now()
		err := s.core.Create(tx, rec)
		if err != nil || !hasPolicy {
			return serviceRoleTaken(err, rec.Name)
		}
		return s.core.Attach(tx, rec.Ref(), policyARN, true)
	})
	if err != nil {
		return nil, err
	}
	r := roleOf(&rec, false)
	return &model.CreateServiceLinkedRoleOutput{Role: &r}, nil
}

// serviceRoleTaken words that a service's role is there. Terraform knows it by
// this sentence.
func serviceRoleTaken(err error, name string) error {
	if errors.Is(err, identity.ErrExists) {
		return say(codeInput, "Service role name "+name+" has been taken in this account, please try a different suffix.")
	}
	return err
}
