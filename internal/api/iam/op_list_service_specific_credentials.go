package iam

import (
	"context"

	model "github.com/carillon-events/carillon/internal/awsmodel/iam"
	"github.com/carillon-events/carillon/internal/wire"
)

// ListServiceSpecificCredentials lists nothing: no credentials of a service can be made here. Tools ask before they delete a user.
func (s *Service) ListServiceSpecificCredentials(ctx context.Context, c *wire.Call, in *model.ListServiceSpecificCredentialsInput) (*model.ListServiceSpecificCredentialsOutput, error) {

	if in.UserName.V != "" {
		if _, err := s.get(user(c, in.UserName.V)); err != nil {
			return nil, err
		}
	}
	return &model.ListServiceSpecificCredentialsOutput{ServiceSpecificCredentials: []model.ServiceSpecificCredentialMetadata{}, IsTruncated: wire.Some(false)}, nil
}
