package sns

import (
	"context"

	model "github.com/carillon-events/carillon/internal/awsmodel/sns"
	"github.com/carillon-events/carillon/internal/mobile"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/wire"
)

// VerifySMSSandboxPhoneNumber verifies a number by the code that it was sent.
func (s *Service) VerifySMSSandboxPhoneNumber(ctx context.Context, c *wire.Call, in *model.VerifySMSSandboxPhoneNumberInput) (*model.VerifySMSSandboxPhoneNumberOutput, error) {
	number, err := phoneOf("PhoneNumber", in.PhoneNumber)
	if err != nil {
		return nil, err
	}
	right := false
	err = s.change(ctx, func(tx *store.Tx) (err error) {
		right, err = mobile.VerifyNumber(tx, placeOf(c), number, in.OneTimePassword)
		return err
	})
	if err == nil && !right {
		err = explain(mobile.ErrWrongCode)
	}
	return nil, err
}
