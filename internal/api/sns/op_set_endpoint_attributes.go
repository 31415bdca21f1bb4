package sns

import (
	"context"

	model "github.com/carillon-events/carillon/internal/awsmodel/sns"
	"github.com/carillon-events/carillon/internal/mobile"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/wire"
)

// SetEndpointAttributes sets attributes of a device: all that the request
// gives, or none.
func (s *Service) SetEndpointAttributes(ctx context.Context, c *wire.Call, in *model.SetEndpointAttributesInput) (*model.SetEndpointAttributesOutput, error) {
	app, id, err := endpointOf(c, "EndpointArn", in.EndpointArn)
	if err != nil {
		return nil, err
	}
	edit, err := deviceOf(in.Attributes)
	if err != nil {
		return nil, ofAttributes(err)
	}
	return nil, s.change(ctx, func(tx *store.Tx) error { return mobile.ChangeEndpoint(tx, app, id, edit) })
}
