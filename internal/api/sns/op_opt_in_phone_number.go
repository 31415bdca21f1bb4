package sns

import (
	"context"

	model "github.com/carillon-events/carillon/internal/awsmodel/sns"
	"github.com/carillon-events/carillon/internal/mobile"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/wire"
)

// OptInPhoneNumber notes that a number wants text messages again.
func (s *Service) OptInPhoneNumber(ctx context.Context, c *wire.Call, in *model.OptInPhoneNumberInput) (*model.OptInPhoneNumberOutput, error) {
	number, err := phoneOf("PhoneNumber", in.PhoneNumber)
	if err != nil {
		return nil, err
	}
	return nil, s.change(ctx, func(tx *store.Tx) error { return mobile.OptIn(tx, placeOf(c), number) })
}
