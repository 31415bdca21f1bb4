package iam

import (
	"context"

	model "github.com/carillon-events/carillon/internal/awsmodel/iam"
	"github.com/carillon-events/carillon/internal/wire"
)

// TagUser sets tags of a user.
func (s *Service) TagUser(ctx context.Context, c *wire.Call, in *model.TagUserInput) (*model.TagUserOutput, error) {

	tags, err := tagMap(in.Tags)
	if err != nil {
		return nil, err
	}
	return nil, s.retag(ctx, user(c, in.UserName), func(old map[string]string) map[string]string { return tagged(old, tags) })
}
