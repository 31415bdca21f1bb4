package iam

import (
	"context"

	model "github.com/carillon-events/carillon/internal/awsmodel/iam"
	"github.com/carillon-events/carillon/internal/identity"
	"github.com/carillon-events/carillon/internal/wire"
)

// ListGroups lists groups by name.
func (s *Service) ListGroups(ctx context.Context, c *wire.Call, in *model.ListGroupsInput) (*model.ListGroupsOutput, error) {

	out := &model.ListGroupsOutput{Groups: []model.Group{}}
	var err error
	out.IsTruncated, out.Marker, err = s.list(c, identity.Group, in.PathPrefix, in.Marker, in.MaxItems, func(rec identity.Record) {
		out.Groups = append(out.Groups, groupOf(&rec))
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}
