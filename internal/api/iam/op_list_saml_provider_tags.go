package iam

import (
	"context"

	model "github.com/carillon-events/carillon/internal/awsmodel/iam"
	"github.com/carillon-events/carillon/internal/identity"
	"github.com/carillon-events/carillon/internal/wire"
)

// ListSAMLProviderTags lists the tags of a SAML provider by key.
func (s *Service) ListSAMLProviderTags(ctx context.Context, c *wire.Call, in *model.ListSAMLProviderTagsInput) (*model.ListSAMLProviderTagsOutput, error) {

	w, err := windowOf(c, in.SAMLProviderArn, in.Marker, in.MaxItems)
	if err != nil {
		return nil, err
	}
	p, err := s.provider(c, identity.SAML, in.SAMLProviderArn)
	if err != nil {
		return nil, err
	}
	out := &model.ListSAMLProviderTagsOutput{}
	out.Tags, out.IsTruncated, out.Marker = cut(w, tagList(p.Tags), tagKey)
	return out, nil
}
