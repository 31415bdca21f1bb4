package iam

import (
	"context"

	model "github.com/carillon-events/carillon/internal/awsmodel/iam"
	"github.com/carillon-events/carillon/internal/identity"
	"github.com/carillon-events/carillon/internal/wire"
)

// UpdateSAMLProvider replaces a SAML provider's document.
func (s *Service) UpdateSAMLProvider(ctx context.Context, c *wire.Call, in *model.UpdateSAMLProviderInput) (*model.UpdateSAMLProviderOutput, error) {

	if in.AddPrivateKey.V != "" || in.RemovePrivateKey.V != "" || in.AssertionEncryptionMode.V != "" {
		return nil, wire.NotImplemented("iam", "UpdateSAMLProvider with private keys or AssertionEncryptionMode")
	}
	until, err := metadata(in.SAMLMetadataDocument.V)
	if err != nil {
		return nil, err
	}
	err = s.changeProvider(ctx, c, identity.SAML, in.SAMLProviderArn, func(p *identity.Provider) {
		p.Metadata, p.ValidUntil = in.SAMLMetadataDocument.V, until
	})
	if err != nil {
		return nil, err
	}
	return &model.UpdateSAMLProviderOutput{SAMLProviderArn: wire.Some(in.SAMLProviderArn)}, nil
}
