package iam

import (
	"context"

	model "github.com/carillon-events/carillon/internal/awsmodel/iam"
	"github.com/carillon-events/carillon/internal/wire"
)

// TagRole sets tags of a role.
func (s *Service) TagRole(ctx context.Context, c *wire.Call, in *model.TagRoleInput) (*model.TagRoleOutput, error) {

	tags, err := tagMap(in.Tags)
	if err != nil {
		return nil, err
	}
	return nil, s.retag(ctx, role(c, in.RoleName), func(old map[string]string) map[string]string { return tagged(old, tags) })
}
