package sns

import (
	"context"

	model "github.com/carillon-events/carillon/internal/awsmodel/sns"
	"github.com/carillon-events/carillon/internal/mobile"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/wire"
)

// CreateSMSSandboxPhoneNumber adds a number to try text messages with.
func (s *Service) CreateSMSSandboxPhoneNumber(ctx context.Context, c *wire.Call, in *model.CreateSMSSandboxPhoneNumberInput) (*model.CreateSMSSandboxPhoneNumberOutput, error) {
	number, err := phoneOf("PhoneNumber", in.PhoneNumber)
	if err != nil {
		return nil, err
	}
	code := s.newCode()
	return nil, s.change(ctx, func(tx *store.Tx) error { return mobile.AddNumber(tx, placeOf(c), number, code) })
}
