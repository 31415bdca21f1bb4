package iam

import (
	"context"

	model "github.com/carillon-events/carillon/internal/awsmodel/iam"
	"github.com/carillon-events/carillon/internal/identity"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/wire"
)

// CreateSAMLProvider makes a SAML provider, which is stored and no more.
func (s *Service) CreateSAMLProvider(ctx context.Context, c *wire.Call, in *model.CreateSAMLProviderInput) (*model.CreateSAMLProviderOutput, error) {

	if in.AddPrivateKey.V != "" || in.AssertionEncryptionMode.V != "" {
		return nil, wire.NotImplemented("iam", "CreateSAMLProvider with AddPrivateKey or AssertionEncryptionMode")
	}
	until, err := metadata(in.SAMLMetadataDocument)
	if err != nil {
		return nil, err
	}
	tags, err := s.mayTag(ctx, c, "iam:TagSAMLProvider", in, in.Tags)
	if err != nil {
		return nil, err
	}
	p := identity.Provider{
		Kind: identity.SAML, Account: c.Account, Name: in.Name, Tags: tags, Metadata: in.SAMLMetadataDocument, ID: newID("ASAM"), ValidUntil: until,
	}
	err = s.change(ctx, func(tx *store.Tx) (err error) {
		p, err = s.core.CreateProvider(tx, p)
		return err
	})
	if err != nil {
		return nil, err
	}
	return &model.CreateSAMLProviderOutput{SAMLProviderArn: wire.Some(p.ARN()), Tags: tagList(p.Tags)}, nil
}
