package sns

import (
	"context"

	model "github.com/carillon-events/carillon/internal/awsmodel/sns"
	"github.com/carillon-events/carillon/internal/mobile"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/wire"
)

// DeleteEndpoint takes a device away; one that is not registered is as good as
// taken away. Its subscriptions stay, as with AWS.
func (s *Service) DeleteEndpoint(ctx context.Context, c *wire.Call, in *model.DeleteEndpointInput) (*model.DeleteEndpointOutput, error) {
	app, id, err := endpointOf(c, "EndpointArn", in.EndpointArn)
	if err != nil {
		return nil, err
	}
	return nil, s.change(ctx, func(tx *store.Tx) error { return mobile.Unregister(tx, app, id) })
}
