package iam

import (
	"context"

	model "github.com/carillon-events/carillon/internal/awsmodel/iam"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/wire"
)

// SetDefaultPolicyVersion makes a version the one that counts.
func (s *Service) SetDefaultPolicyVersion(ctx context.Context, c *wire.Call, in *model.SetDefaultPolicyVersionInput) (*model.SetDefaultPolicyVersionOutput, error) {

	return nil, s.change(ctx, func(tx *store.Tx) error {
		return s.core.SetDefault(tx, c.Account, in.PolicyArn, versionNumber(in.VersionId))
	})
}
