package iam

import (
	"context"

	model "github.com/carillon-events/carillon/internal/awsmodel/iam"
	"github.com/carillon-events/carillon/internal/identity"
	"github.com/carillon-events/carillon/internal/wire"
)

// GetOpenIDConnectProvider describes a provider of web identities.
func (s *Service) GetOpenIDConnectProvider(ctx context.Context, c *wire.Call, in *model.GetOpenIDConnectProviderInput) (*model.GetOpenIDConnectProviderOutput, error) {

	p, err := s.provider(c, identity.OIDC, in.OpenIDConnectProviderArn)
	if err != nil {
		return nil, err
	}
	return &model.GetOpenIDConnectProviderOutput{
		Url: wire.Some(p.Name), ClientIDList: append([]string{}, p.ClientIDs...), ThumbprintList: append([]string{}, p.Thumbprints...), CreateDate: wire.Some(p.CreatedAt), Tags: tagList(p.Tags),
	}, nil
}
