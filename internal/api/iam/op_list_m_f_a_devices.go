package iam

import (
	"context"

	model "github.com/carillon-events/carillon/internal/awsmodel/iam"
	"github.com/carillon-events/carillon/internal/wire"
)

// ListMFADevices lists nothing: no MFA devices can be made here. Tools ask before they delete a user.
func (s *Service) ListMFADevices(ctx context.Context, c *wire.Call, in *model.ListMFADevicesInput) (*model.ListMFADevicesOutput, error) {

	if in.UserName.V != "" {
		if _, err := s.get(user(c, in.UserName.V)); err != nil {
			return nil, err
		}
	}
	return &model.ListMFADevicesOutput{MFADevices: []model.MFADevice{}, IsTruncated: wire.Some(false)}, nil
}
