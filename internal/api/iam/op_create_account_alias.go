package iam

import (
	"context"

	model "github.com/carillon-events/carillon/internal/awsmodel/iam"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/wire"
)

// CreateAccountAlias names the account, which has one alias.
func (s *Service) CreateAccountAlias(ctx context.Context, c *wire.Call, in *model.CreateAccountAliasInput) (*model.CreateAccountAliasOutput, error) {

	return nil, s.change(ctx, func(tx *store.Tx) error { return s.core.SetAlias(tx, c.Account, in.AccountAlias) })
}
