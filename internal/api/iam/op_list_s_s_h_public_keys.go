package iam

import (
	"context"

	model "github.com/carillon-events/carillon/internal/awsmodel/iam"
	"github.com/carillon-events/carillon/internal/wire"
)

// ListSSHPublicKeys lists nothing: no SSH keys can be made here. Tools ask before they delete a user.
func (s *Service) ListSSHPublicKeys(ctx context.Context, c *wire.Call, in *model.ListSSHPublicKeysInput) (*model.ListSSHPublicKeysOutput, error) {

	if in.UserName.V != "" {
		if _, err := s.get(user(c, in.UserName.V)); err != nil {
			return nil, err
		}
	}
	return &model.ListSSHPublicKeysOutput{SSHPublicKeys: []model.SSHPublicKeyMetadata{}, IsTruncated: wire.Some(false)}, nil
}
