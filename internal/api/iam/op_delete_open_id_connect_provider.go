package iam

import (
	"context"

	model "github.com/carillon-events/carillon/internal/awsmodel/iam"
	"github.com/carillon-events/carillon/internal/identity"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/wire"
)

// DeleteOpenIDConnectProvider removes a provider of web identities.
func (s *Service) DeleteOpenIDConnectProvider(ctx context.Context, c *wire.Call, in *model.DeleteOpenIDConnectProviderInput) (*model.DeleteOpenIDConnectProviderOutput, error) {

	return nil, s.change(ctx, func(tx *store.Tx) error {
		return s.core.DeleteProvider(tx, c.Account, identity.OIDC, in.OpenIDConnectProviderArn)
	})
}
