package iam

import (
	"context"

	model "github.com/carillon-events/carillon/internal/awsmodel/iam"
	"github.com/carillon-events/carillon/internal/identity"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/wire"
)

// GetAccessKeyLastUsed tells when a key of the account was used, and for what.
func (s *Service) GetAccessKeyLastUsed(ctx context.Context, c *wire.Call, in *model.GetAccessKeyLastUsedInput) (*model.GetAccessKeyLastUsedOutput, error) {

	var k identity.KeyRecord
	err := s.read(func(v *store.View) (err error) {
		k, err = identity.GetKey(v, in.AccessKeyId)
		return err
	})
	if err == nil && k.Account != c.Account {
		err = say(codeNoEntity, "The Access Key with id "+in.AccessKeyId+" cannot be found.")
	}
	if err != nil {
		return nil, err
	}
	used := model.AccessKeyLastUsed{ServiceName: "N/A", Region: "N/A"}
	if use, ok := s.directory.LastUse(k.ID); ok {
		k.LastUse = &use
	}
	if k.LastUse != nil {
		used = model.AccessKeyLastUsed{LastUsedDate: wire.Some(k.LastUse.At), ServiceName: k.LastUse.Service, Region: k.LastUse.Region}
	}
	return &model.GetAccessKeyLastUsedOutput{UserName: some(k.User), AccessKeyLastUsed: &used}, nil
}
