package iam

import (
	"context"

	model "github.com/carillon-events/carillon/internal/awsmodel/iam"
	"github.com/carillon-events/carillon/internal/identity"
	"github.com/carillon-events/carillon/internal/wire"
)

// TagOpenIDConnectProvider sets tags of a provider of web identities.
func (s *Service) TagOpenIDConnectProvider(ctx context.Context, c *wire.Call, in *model.TagOpenIDConnectProviderInput) (*model.TagOpenIDConnectProviderOutput, error) {

	tags, err := tagMap(in.Tags)
	if err != nil {
		return nil, err
	}
	return nil, s.changeProvider(ctx, c, identity.OIDC, in.OpenIDConnectProviderArn, func(p *identity.Provider) { p.Tags = tagged(p.Tags, tags) })
}
