package sns

import (
	"context"

	model "github.com/carillon-events/carillon/internal/awsmodel/sns"
	"github.com/carillon-events/carillon/internal/mobile"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/wire"
)

// ListPhoneNumbersOptedOut lists the numbers that want no text messages.
func (s *Service) ListPhoneNumbersOptedOut(_ context.Context, c *wire.Call, in *model.ListPhoneNumbersOptedOutInput) (*model.ListPhoneNumbersOptedOutOutput, error) {
	list := "ListPhoneNumbersOptedOut/" + c.Account + "/" + c.Region
	cursor, err := page(list, "nextToken", in.NextToken)
	if err != nil {
		return nil, err
	}
	out := &model.ListPhoneNumbersOptedOutOutput{PhoneNumbers: []string{}}
	err = s.read(func(v *store.View) error {
		numbers, next, err := mobile.ListOptedOut(v, placeOf(c), cursor, pageSize)
		out.PhoneNumbers, out.NextToken = append(out.PhoneNumbers, numbers...), nextToken(list, next)
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}
