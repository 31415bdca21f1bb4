package sns

import (
	"context"

	model "github.com/carillon-events/carillon/internal/awsmodel/sns"
	"github.com/carillon-events/carillon/internal/mobile"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/wire"
)

// CheckIfPhoneNumberIsOptedOut tells whether a number wants no text messages.
func (s *Service) CheckIfPhoneNumberIsOptedOut(_ context.Context, c *wire.Call, in *model.CheckIfPhoneNumberIsOptedOutInput) (*model.CheckIfPhoneNumberIsOptedOutOutput, error) {
	number, err := phoneOf("PhoneNumber", in.PhoneNumber)
	if err != nil {
		return nil, err
	}
	out := &model.CheckIfPhoneNumberIsOptedOutOutput{}
	err = s.read(func(v *store.View) error {
		optedOut, err := mobile.OptedOut(v, placeOf(c), number)
		out.IsOptedOut = wire.Some(optedOut)
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}
