package events

import (
	"context"

	"github.com/carillon-events/carillon/internal/arn"
	model "github.com/carillon-events/carillon/internal/awsmodel/events"
	"github.com/carillon-events/carillon/internal/destination"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/wire"
)

// UpdateApiDestination changes what is given of an API destination. Deliveries
// that wait go where it says then.
func (s *Service) UpdateApiDestination(ctx context.Context, c *wire.Call, in *model.UpdateApiDestinationInput) (*model.UpdateApiDestinationOutput, error) {
	if in.InvocationEndpoint.OK {
		if err := s.checkURL("InvocationEndpoint", in.InvocationEndpoint.V); err != nil {
			return nil, err
		}
	}
	w := webIn(c, in.Name)
	var with arn.ARN
	if w.connection = in.ConnectionArn.V; in.ConnectionArn.OK {
		var err error
		if with, err = s.connectionOf(ctx, c, in.ConnectionArn.V); err != nil {
			return nil, err
		}
	}
	var now destination.Destination
	err := s.changeWeb(ctx, w, func(tx *store.Tx) (err error) {
		now, err = s.calls.Core.Update(tx, w.Name, func(to *destination.Settings) {
			to.Description, to.Endpoint = in.Description.Or(to.Description), in.InvocationEndpoint.Or(to.Endpoint)
			to.Method, to.PerSecond = in.HttpMethod.Or(to.Method), int(in.InvocationRateLimitPerSecond.Or(int32(to.PerSecond)))
			if in.ConnectionArn.OK {
				to.Connection = with
			}
		})
		return err
	})
	if err != nil {
		return nil, err
	}
	return &model.UpdateApiDestinationOutput{
		ApiDestinationArn: wire.Some(now.ARN().String()), ApiDestinationState: wire.Some(destinationStateAs(now.Active)),
		CreationTime: wire.Some(now.CreatedAt), LastModifiedTime: wire.Some(now.ModifiedAt),
	}, nil
}
