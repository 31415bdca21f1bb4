package iam

import (
	"context"

	model "github.com/carillon-events/carillon/internal/awsmodel/iam"
	"github.com/carillon-events/carillon/internal/wire"
)

// ListRoleTags lists the tags of a role by key.
func (s *Service) ListRoleTags(ctx context.Context, c *wire.Call, in *model.ListRoleTagsInput) (*model.ListRoleTagsOutput, error) {

	w, err := windowOf(c, in.RoleName, in.Marker, in.MaxItems)
	if err != nil {
		return nil, err
	}
	rec, err := s.get(role(c, in.RoleName))
	if err != nil {
		return nil, err
	}
	out := &model.ListRoleTagsOutput{}
	out.Tags, out.IsTruncated, out.Marker = cut(w, tagList(rec.Tags), tagKey)
	return out, nil
}
