package sns

import (
	"context"

	model "github.com/carillon-events/carillon/internal/awsmodel/sns"
	"github.com/carillon-events/carillon/internal/mobile"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/wire"
)

// ListEndpointsByPlatformApplication lists an application's devices.
func (s *Service) ListEndpointsByPlatformApplication(_ context.Context, c *wire.Call, in *model.ListEndpointsByPlatformApplicationInput) (*model.ListEndpointsByPlatformApplicationOutput, error) {
	app, err := appOf(c, in.PlatformApplicationArn)
	if err != nil {
		return nil, err
	}
	list := "ListEndpointsByPlatformApplication/" + in.PlatformApplicationArn
	cursor, err := page(list, "NextToken", in.NextToken)
	if err != nil {
		return nil, err
	}
	out := &model.ListEndpointsByPlatformApplicationOutput{Endpoints: []model.Endpoint{}}
	err = s.read(func(v *store.View) error {
		endpoints, next, err := mobile.ListEndpoints(v, app, cursor, pageSize)
		for _, e := range endpoints {
			out.Endpoints = append(out.Endpoints, model.Endpoint{EndpointArn: wire.Some(endpointARN(app, e.ID)), Attributes: deviceEcho(e.Device)})
		}
		out.NextToken = nextToken(list, next)
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}
