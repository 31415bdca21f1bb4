package iam

import (
	"context"

	model "github.com/carillon-events/carillon/internal/awsmodel/iam"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/wire"
)

// AttachUserPolicy attaches a managed policy to a user. One that it has is as good as attached.
func (s *Service) AttachUserPolicy(ctx context.Context, c *wire.Call, in *model.AttachUserPolicyInput) (*model.AttachUserPolicyOutput, error) {
	if err := ofService(in.PolicyArn); err != nil {
		return nil, err
	}
	return nil, s.change(ctx, func(tx *store.Tx) error {
		return attachable(s.core.Attach(tx, user(c, in.UserName), in.PolicyArn, false))
	})
}
