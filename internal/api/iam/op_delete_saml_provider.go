package iam

import (
	"context"

	model "github.com/carillon-events/carillon/internal/awsmodel/iam"
	"github.com/carillon-events/carillon/internal/identity"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/wire"
)

// DeleteSAMLProvider removes a SAML provider.
func (s *Service) DeleteSAMLProvider(ctx context.Context, c *wire.Call, in *model.DeleteSAMLProviderInput) (*model.DeleteSAMLProviderOutput, error) {

	return nil, s.change(ctx, func(tx *store.Tx) error {
		return s.core.DeleteProvider(tx, c.Account, identity.SAML, in.SAMLProviderArn)
	})
}
