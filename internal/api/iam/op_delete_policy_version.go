package iam

import (
	"context"

	model "github.com/carillon-events/carillon/internal/awsmodel/iam"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/wire"
)

// DeletePolicyVersion removes a version that is not the default.
func (s *Service) DeletePolicyVersion(ctx context.Context, c *wire.Call, in *model.DeletePolicyVersionInput) (*model.DeletePolicyVersionOutput, error) {

	return nil, s.change(ctx, func(tx *store.Tx) error {
		return s.core.DropVersion(tx, c.Account, in.PolicyArn, versionNumber(in.VersionId))
	})
}
