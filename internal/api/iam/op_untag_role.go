package iam

import (
	"context"

	model "github.com/carillon-events/carillon/internal/awsmodel/iam"
	"github.com/carillon-events/carillon/internal/wire"
)

// UntagRole removes tags of a role.
func (s *Service) UntagRole(ctx context.Context, c *wire.Call, in *model.UntagRoleInput) (*model.UntagRoleOutput, error) {

	return nil, s.retag(ctx, role(c, in.RoleName), func(old map[string]string) map[string]string { return untagged(old, in.TagKeys) })
}
