package iam

import (
	"context"

	model "github.com/carillon-events/carillon/internal/awsmodel/iam"
	"github.com/carillon-events/carillon/internal/wire"
)

// UntagUser removes tags of a user.
func (s *Service) UntagUser(ctx context.Context, c *wire.Call, in *model.UntagUserInput) (*model.UntagUserOutput, error) {

	return nil, s.retag(ctx, user(c, in.UserName), func(old map[string]string) map[string]string { return untagged(old, in.TagKeys) })
}
