package iam

import (
	"context"

	model "github.com/carillon-events/carillon/internal/awsmodel/iam"
	"github.com/carillon-events/carillon/internal/wire"
)

// ListVirtualMFADevices lists nothing: no virtual MFA devices can be made here. Tools ask before they delete a user.
func (s *Service) ListVirtualMFADevices(ctx context.Context, c *wire.Call, in *model.ListVirtualMFADevicesInput) (*model.ListVirtualMFADevicesOutput, error) {

	return &model.ListVirtualMFADevicesOutput{VirtualMFADevices: []model.VirtualMFADevice{}, IsTruncated: wire.Some(false)}, nil
}
