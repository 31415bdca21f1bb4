package iam

import (
	"context"

	model "github.com/carillon-events/carillon/internal/awsmodel/iam"
	"github.com/carillon-events/carillon/internal/identity"
	"github.com/carillon-events/carillon/internal/wire"
)

// ListOpenIDConnectProviderTags lists the tags of a provider of web identities by key.
func (s *Service) ListOpenIDConnectProviderTags(ctx context.Context, c *wire.Call, in *model.ListOpenIDConnectProviderTagsInput) (*model.ListOpenIDConnectProviderTagsOutput, error) {

	w, err := windowOf(c, in.OpenIDConnectProviderArn, in.Marker, in.MaxItems)
	if err != nil {
		return nil, err
	}
	p, err := s.provider(c, identity.OIDC, in.OpenIDConnectProviderArn)
	if err != nil {
		return nil, err
	}
	out := &model.ListOpenIDConnectProviderTagsOutput{}
	out.Tags, out.IsTruncated, out.Marker = cut(w, tagList(p.Tags), tagKey)
	return out, nil
}
