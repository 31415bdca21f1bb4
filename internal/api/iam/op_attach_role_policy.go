package iam

import (
	"context"

	model "github.com/carillon-events/carillon/internal/awsmodel/iam"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/wire"
)

// AttachRolePolicy attaches a managed policy to a role. One that it has is as good as attached.
func (s *Service) AttachRolePolicy(ctx context.Context, c *wire.Call, in *model.AttachRolePolicyInput) (*model.AttachRolePolicyOutput, error) {
	if err := ofService(in.PolicyArn); err != nil {
		return nil, err
	}
	return nil, s.change(ctx, func(tx *store.Tx) error {
		return attachable(s.core.Attach(tx, role(c, in.RoleName), in.PolicyArn, false))
	})
}
