package iam

import (
	"context"

	model "github.com/carillon-events/carillon/internal/awsmodel/iam"
	"github.com/carillon-events/carillon/internal/identity"
	"github.com/carillon-events/carillon/internal/wire"
)

// ListUsers lists users by name.
func (s *Service) ListUsers(ctx context.Context, c *wire.Call, in *model.ListUsersInput) (*model.ListUsersOutput, error) {

	out := &model.ListUsersOutput{Users: []model.User{}}
	var err error
	out.IsTruncated, out.Marker, err = s.list(c, identity.User, in.PathPrefix, in.Marker, in.MaxItems, func(rec identity.Record) {
		out.Users = append(out.Users, userOf(&rec, false))
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}
