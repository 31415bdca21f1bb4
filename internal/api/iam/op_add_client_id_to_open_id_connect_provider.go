package iam

import (
	"context"
	"slices"

	model "github.com/carillon-events/carillon/internal/awsmodel/iam"
	"github.com/carillon-events/carillon/internal/identity"
	"github.com/carillon-events/carillon/internal/wire"
)

// AddClientIDToOpenIDConnectProvider lets one more audience in.
func (s *Service) AddClientIDToOpenIDConnectProvider(ctx context.Context, c *wire.Call, in *model.AddClientIDToOpenIDConnectProviderInput) (*model.AddClientIDToOpenIDConnectProviderOutput, error) {

	return nil, s.changeProvider(ctx, c, identity.OIDC, in.OpenIDConnectProviderArn, func(p *identity.Provider) {
		if !slices.Contains(p.ClientIDs, in.ClientID) {
			p.ClientIDs = append(p.ClientIDs, in.ClientID)
		}
	})
}
