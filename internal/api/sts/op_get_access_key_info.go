package sts

import (
	"context"

	model "github.com/carillon-events/carillon/internal/awsmodel/sts"
	"github.com/carillon-events/carillon/internal/session"
	"github.com/carillon-events/carillon/internal/wire"
)

// GetAccessKeyInfo says whose account an access key belongs to. Those of
// sessions tell it themselves.
func (s *Service) GetAccessKeyInfo(_ context.Context, _ *wire.Call, in *model.GetAccessKeyInfoInput) (*model.GetAccessKeyInfoOutput, error) {
	account, ok := session.AccountOf(in.AccessKeyId)
	if !ok {
		account, ok = s.Account(in.AccessKeyId)
	}
	if !ok {
		return nil, unknownKey(in.AccessKeyId)
	}
	return &model.GetAccessKeyInfoOutput{Account: wire.Some(account)}, nil
}
