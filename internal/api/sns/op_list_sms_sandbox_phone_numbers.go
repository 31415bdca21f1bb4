package sns

import (
	"context"

	model "github.com/carillon-events/carillon/internal/awsmodel/sns"
	"github.com/carillon-events/carillon/internal/mobile"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/wire"
)

// ListSMSSandboxPhoneNumbers lists the numbers to try text messages with.
func (s *Service) ListSMSSandboxPhoneNumbers(_ context.Context, c *wire.Call, in *model.ListSMSSandboxPhoneNumbersInput) (*model.ListSMSSandboxPhoneNumbersOutput, error) {
	list := "ListSMSSandboxPhoneNumbers/" + c.Account + "/" + c.Region
	cursor, err := page(list, "NextToken", in.NextToken)
	if err != nil {
		return nil, err
	}
	out := &model.ListSMSSandboxPhoneNumbersOutput{PhoneNumbers: []model.SMSSandboxPhoneNumber{}}
	err = s.read(func(v *store.View) error {
		numbers, next, err := mobile.ListNumbers(v, placeOf(c), cursor, int(in.MaxResults.Or(pageSize)))
		for _, n := range numbers {
			status := "Pending"
			if n.Verified {
				status = "Verified"
			}
			out.PhoneNumbers = append(out.PhoneNumbers, model.SMSSandboxPhoneNumber{PhoneNumber: wire.Some(n.Number), Status: wire.Some(status)})
		}
		out.NextToken = nextToken(list, next)
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}
