package iam

import (
	"context"

	model "github.com/carillon-events/carillon/internal/awsmodel/iam"
	"github.com/carillon-events/carillon/internal/identity"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/wire"
)

// CreateOpenIDConnectProvider makes a provider of web identities.
func (s *Service) CreateOpenIDConnectProvider(ctx context.Context, c *wire.Call, in *model.CreateOpenIDConnectProviderInput) (*model.CreateOpenIDConnectProviderOutput, error) {

	name, err := issuer(in.Url)
	if err != nil {
		return nil, err
	}
	tags, err := s.mayTag(ctx, c, "iam:TagOpenIDConnectProvider", in, in.Tags)
	if err != nil {
		return nil, err
	}
	if err := checkThumbprints(in.ThumbprintList); err != nil {
		return nil, err
	}
	p := identity.Provider{
		Kind: identity.OIDC, Account: c.Account, Name: name, Tags: tags, ClientIDs: in.ClientIDList, Thumbprints: in.ThumbprintList,
	}
	err = s.change(ctx, func(tx *store.Tx) (err error) {
		p, err = s.core.CreateProvider(tx, p)
		return err
	})
	if err != nil {
		return nil, err
	}
	return &model.CreateOpenIDConnectProviderOutput{OpenIDConnectProviderArn: wire.Some(p.ARN()), Tags: tagList(p.Tags)}, nil
}
