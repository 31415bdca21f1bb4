package iam

import (
	"context"

	model "github.com/carillon-events/carillon/internal/awsmodel/iam"
	"github.com/carillon-events/carillon/internal/identity"
	"github.com/carillon-events/carillon/internal/wire"
)

// UntagSAMLProvider removes tags of a SAML provider.
func (s *Service) UntagSAMLProvider(ctx context.Context, c *wire.Call, in *model.UntagSAMLProviderInput) (*model.UntagSAMLProviderOutput, error) {

	return nil, s.changeProvider(ctx, c, identity.SAML, in.SAMLProviderArn, func(p *identity.Provider) { p.Tags = untagged(p.Tags, in.TagKeys) })
}
