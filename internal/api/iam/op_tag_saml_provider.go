package iam

import (
	"context"

	model "github.com/carillon-events/carillon/internal/awsmodel/iam"
	"github.com/carillon-events/carillon/internal/identity"
	"github.com/carillon-events/carillon/internal/wire"
)

// TagSAMLProvider sets tags of a SAML provider.
func (s *Service) TagSAMLProvider(ctx context.Context, c *wire.Call, in *model.TagSAMLProviderInput) (*model.TagSAMLProviderOutput, error) {

	tags, err := tagMap(in.Tags)
	if err != nil {
		return nil, err
	}
	return nil, s.changeProvider(ctx, c, identity.SAML, in.SAMLProviderArn, func(p *identity.Provider) { p.Tags = tagged(p.Tags, tags) })
}
