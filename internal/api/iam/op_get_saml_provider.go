package iam

import (
	"context"

	model "github.com/carillon-events/carillon/internal/awsmodel/iam"
	"github.com/carillon-events/carillon/internal/identity"
	"github.com/carillon-events/carillon/internal/wire"
)

// GetSAMLProvider describes a SAML provider.
func (s *Service) GetSAMLProvider(ctx context.Context, c *wire.Call, in *model.GetSAMLProviderInput) (*model.GetSAMLProviderOutput, error) {

	p, err := s.provider(c, identity.SAML, in.SAMLProviderArn)
	if err != nil {
		return nil, err
	}
	return &model.GetSAMLProviderOutput{
		SAMLProviderUUID: wire.Some(p.ID), SAMLMetadataDocument: wire.Some(p.Metadata), CreateDate: wire.Some(p.CreatedAt),
		ValidUntil: someTime(p.ValidUntil), Tags: tagList(p.Tags),
	}, nil
}
