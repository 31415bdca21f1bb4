package iam

import (
	"context"

	model "github.com/carillon-events/carillon/internal/awsmodel/iam"
	"github.com/carillon-events/carillon/internal/identity"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/wire"
)

// ListAccessKeys lists the keys of a user, or of the account's root, the oldest first.
func (s *Service) ListAccessKeys(ctx context.Context, c *wire.Call, in *model.ListAccessKeysInput) (*model.ListAccessKeysOutput, error) {

	name, err := whose(c, in.UserName)
	if err != nil {
		return nil, err
	}
	out := &model.ListAccessKeysOutput{AccessKeyMetadata: []model.AccessKeyMetadata{}, IsTruncated: wire.Some(false)}
	err = s.read(func(v *store.View) error {
		keys, err := identity.KeysOf(v, c.Account, name)
		for _, k := range keys {
			status := statusActive
			if k.Inactive {
				status = statusInactive
			}
			out.AccessKeyMetadata = append(out.AccessKeyMetadata, model.AccessKeyMetadata{
				UserName: some(k.User), AccessKeyId: wire.Some(k.ID), Status: wire.Some(status), CreateDate: wire.Some(k.CreatedAt),
			})
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}
