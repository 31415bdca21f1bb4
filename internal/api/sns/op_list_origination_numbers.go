package sns

import (
	"context"

	model "github.com/carillon-events/carillon/internal/awsmodel/sns"
	"github.com/carillon-events/carillon/internal/wire"
)

// ListOriginationNumbers lists the numbers that belong to the caller: there are
// none, since a gateway sends text messages from its own.
func (s *Service) ListOriginationNumbers(_ context.Context, c *wire.Call, in *model.ListOriginationNumbersInput) (*model.ListOriginationNumbersOutput, error) {
	if _, err := page("ListOriginationNumbers/"+c.Account+"/"+c.Region, "NextToken", in.NextToken); err != nil {
		return nil, err
	}
	return &model.ListOriginationNumbersOutput{PhoneNumbers: []model.PhoneNumberInformation{}}, nil
}
