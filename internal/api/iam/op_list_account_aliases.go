package iam

import (
	"context"

	model "github.com/carillon-events/carillon/internal/awsmodel/iam"
	"github.com/carillon-events/carillon/internal/identity"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/wire"
)

// ListAccountAliases tells the account's alias.
func (s *Service) ListAccountAliases(ctx context.Context, c *wire.Call, in *model.ListAccountAliasesInput) (*model.ListAccountAliasesOutput, error) {

	a, err := s.account(c)
	if err != nil {
		return nil, err
	}
	out := &model.ListAccountAliasesOutput{AccountAliases: []string{}, IsTruncated: wire.Some(false)}
	if a.Alias != "" {
		out.AccountAliases = append(out.AccountAliases, a.Alias)
	}
	return out, nil
}

func (s *Service) account(c *wire.Call) (a identity.Account, err error) {
	err = s.read(func(v *store.View) (err error) {
		a, err = identity.GetAccount(v, c.Account)
		return err
	})
	return a, err
}
