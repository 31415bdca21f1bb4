package iam

import (
	"context"
	"slices"

	model "github.com/carillon-events/carillon/internal/awsmodel/iam"
	"github.com/carillon-events/carillon/internal/identity"
	"github.com/carillon-events/carillon/internal/wire"
)

// RemoveClientIDFromOpenIDConnectProvider undoes that.
func (s *Service) RemoveClientIDFromOpenIDConnectProvider(ctx context.Context, c *wire.Call, in *model.RemoveClientIDFromOpenIDConnectProviderInput) (*model.RemoveClientIDFromOpenIDConnectProviderOutput, error) {

	return nil, s.changeProvider(ctx, c, identity.OIDC, in.OpenIDConnectProviderArn, func(p *identity.Provider) {
		p.ClientIDs = slices.DeleteFunc(p.ClientIDs, func(id string) bool { return id == in.ClientID })
	})
}
