package iam

import (
	"context"

	model "github.com/carillon-events/carillon/internal/awsmodel/iam"
	"github.com/carillon-events/carillon/internal/identity"
	"github.com/carillon-events/carillon/internal/wire"
)

// UpdateOpenIDConnectProviderThumbprint replaces the certificates that are believed.
func (s *Service) UpdateOpenIDConnectProviderThumbprint(ctx context.Context, c *wire.Call, in *model.UpdateOpenIDConnectProviderThumbprintInput) (*model.UpdateOpenIDConnectProviderThumbprintOutput, error) {

	if err := checkThumbprints(in.ThumbprintList); err != nil {
		return nil, err
	}
	return nil, s.changeProvider(ctx, c, identity.OIDC, in.OpenIDConnectProviderArn, func(p *identity.Provider) { p.Thumbprints = in.ThumbprintList })
}
