package sns

import (
	"context"

	model "github.com/carillon-events/carillon/internal/awsmodel/sns"
	"github.com/carillon-events/carillon/internal/mobile"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/wire"
)

// GetEndpointAttributes tells what is known of a device.
func (s *Service) GetEndpointAttributes(_ context.Context, c *wire.Call, in *model.GetEndpointAttributesInput) (*model.GetEndpointAttributesOutput, error) {
	app, id, err := endpointOf(c, "EndpointArn", in.EndpointArn)
	if err != nil {
		return nil, err
	}
	out := &model.GetEndpointAttributesOutput{}
	err = s.read(func(v *store.View) error {
		e, err := mobile.GetEndpoint(v, app, id)
		out.Attributes = deviceEcho(e.Device)
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}
