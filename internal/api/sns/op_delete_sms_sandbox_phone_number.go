package sns

import (
	"context"

	model "github.com/carillon-events/carillon/internal/awsmodel/sns"
	"github.com/carillon-events/carillon/internal/mobile"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/wire"
)

// DeleteSMSSandboxPhoneNumber takes a number to try text messages with away.
func (s *Service) DeleteSMSSandboxPhoneNumber(ctx context.Context, c *wire.Call, in *model.DeleteSMSSandboxPhoneNumberInput) (*model.DeleteSMSSandboxPhoneNumberOutput, error) {
	number, err := phoneOf("PhoneNumber", in.PhoneNumber)
	if err != nil {
		return nil, err
	}
	return nil, s.change(ctx, func(tx *store.Tx) error { return mobile.RemoveNumber(tx, placeOf(c), number) })
}
