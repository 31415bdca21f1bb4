package iam

import (
	"context"

	model "github.com/carillon-events/carillon/internal/awsmodel/iam"
	"github.com/carillon-events/carillon/internal/wire"
)

// ListPolicyTags lists the tags of a managed policy by key.
func (s *Service) ListPolicyTags(ctx context.Context, c *wire.Call, in *model.ListPolicyTagsInput) (*model.ListPolicyTagsOutput, error) {

	w, err := windowOf(c, in.PolicyArn, in.Marker, in.MaxItems)
	if err != nil {
		return nil, err
	}
	m, err := s.policy(c, in.PolicyArn)
	if err != nil {
		return nil, err
	}
	out := &model.ListPolicyTagsOutput{}
	out.Tags, out.IsTruncated, out.Marker = cut(w, tagList(m.Tags), tagKey)
	return out, nil
}
