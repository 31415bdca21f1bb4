package iam

import (
	"context"

	model "github.com/carillon-events/carillon/internal/awsmodel/iam"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/wire"
)

// DeleteAccountAlias takes the account's alias.
func (s *Service) DeleteAccountAlias(ctx context.Context, c *wire.Call, in *model.DeleteAccountAliasInput) (*model.DeleteAccountAliasOutput, error) {

	return nil, s.change(ctx, func(tx *store.Tx) error { return s.core.DropAlias(tx, c.Account, in.AccountAlias) })
}
