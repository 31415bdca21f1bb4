package iam

import (
	"context"

	model "github.com/carillon-events/carillon/internal/awsmodel/iam"
	"github.com/carillon-events/carillon/internal/identity"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/wire"
)

// ListInstanceProfileTags lists the tags of an instance profile by key.
func (s *Service) ListInstanceProfileTags(ctx context.Context, c *wire.Call, in *model.ListInstanceProfileTagsInput) (*model.ListInstanceProfileTagsOutput, error) {

	w, err := windowOf(c, in.InstanceProfileName, in.Marker, in.MaxItems)
	if err != nil {
		return nil, err
	}
	var p identity.Profile
	err = s.read(func(v *store.View) (err error) {
		p, err = identity.GetProfile(v, c.Account, in.InstanceProfileName)
		return err
	})
	if err != nil {
		return nil, err
	}
	out := &model.ListInstanceProfileTagsOutput{}
	out.Tags, out.IsTruncated, out.Marker = cut(w, tagList(p.Tags), tagKey)
	return out, nil
}
