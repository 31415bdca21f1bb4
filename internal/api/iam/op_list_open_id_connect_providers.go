package iam

import (
	"context"

	model "github.com/carillon-events/carillon/internal/awsmodel/iam"
	"github.com/carillon-events/carillon/internal/identity"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/wire"
)

// ListOpenIDConnectProviders lists the account's.
func (s *Service) ListOpenIDConnectProviders(ctx context.Context, c *wire.Call, in *model.ListOpenIDConnectProvidersInput) (*model.ListOpenIDConnectProvidersOutput, error) {

	out := &model.ListOpenIDConnectProvidersOutput{OpenIDConnectProviderList: []model.OpenIDConnectProviderListEntry{}}
	err := s.read(func(v *store.View) error {
		all, err := identity.ListProviders(v, c.Account, identity.OIDC)
		for _, p := range all {
			out.OpenIDConnectProviderList = append(out.OpenIDConnectProviderList, model.OpenIDConnectProviderListEntry{Arn: wire.Some(p.ARN())})
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}
