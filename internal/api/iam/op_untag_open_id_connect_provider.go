package iam

import (
	"context"

	model "github.com/carillon-events/carillon/internal/awsmodel/iam"
	"github.com/carillon-events/carillon/internal/identity"
	"github.com/carillon-events/carillon/internal/wire"
)

// UntagOpenIDConnectProvider removes tags of a provider of web identities.
func (s *Service) UntagOpenIDConnectProvider(ctx context.Context, c *wire.Call, in *model.UntagOpenIDConnectProviderInput) (*model.UntagOpenIDConnectProviderOutput, error) {

	return nil, s.changeProvider(ctx, c, identity.OIDC, in.OpenIDConnectProviderArn, func(p *identity.Provider) { p.Tags = untagged(p.Tags, in.TagKeys) })
}
