package iam

import (
	"context"

	model "github.com/carillon-events/carillon/internal/awsmodel/iam"
	"github.com/carillon-events/carillon/internal/identity"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/wire"
)

// ListSAMLProviders lists the account's.
func (s *Service) ListSAMLProviders(ctx context.Context, c *wire.Call, in *model.ListSAMLProvidersInput) (*model.ListSAMLProvidersOutput, error) {

	out := &model.ListSAMLProvidersOutput{SAMLProviderList: []model.SAMLProviderListEntry{}}
	err := s.read(func(v *store.View) error {
		all, err := identity.ListProviders(v, c.Account, identity.SAML)
		for _, p := range all {
			out.SAMLProviderList = append(out.SAMLProviderList, model.SAMLProviderListEntry{Arn: wire.Some(p.ARN()), CreateDate: wire.Some(p.CreatedAt), ValidUntil: someTime(p.ValidUntil)})
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}
