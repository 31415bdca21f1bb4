package iam

import (
	"context"

	model "github.com/carillon-events/carillon/internal/awsmodel/iam"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/wire"
)

// AttachGroupPolicy attaches a managed policy to a group. One that it has is as good as attached.
func (s *Service) AttachGroupPolicy(ctx context.Context, c *wire.Call, in *model.AttachGroupPolicyInput) (*model.AttachGroupPolicyOutput, error) {
	if err := ofService(in.PolicyArn); err != nil {
		return nil, err
	}
	return nil, s.change(ctx, func(tx *store.Tx) error {
		return attachable(s.core.Attach(tx, group(c, in.GroupName), in.PolicyArn, false))
	})
}
