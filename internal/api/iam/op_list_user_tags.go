package iam

import (
	"context"

	model "github.com/carillon-events/carillon/internal/awsmodel/iam"
	"github.com/carillon-events/carillon/internal/wire"
)

// ListUserTags lists the tags of a user by key.
func (s *Service) ListUserTags(ctx context.Context, c *wire.Call, in *model.ListUserTagsInput) (*model.ListUserTagsOutput, error) {

	w, err := windowOf(c, in.UserName, in.Marker, in.MaxItems)
	if err != nil {
		return nil, err
	}
	rec, err := s.get(user(c, in.UserName))
	if err != nil {
		return nil, err
	}
	out := &model.ListUserTagsOutput{}
	out.Tags, out.IsTruncated, out.Marker = cut(w, tagList(rec.Tags), tagKey)
	return out, nil
}
