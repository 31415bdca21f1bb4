package events

import (
	"context"

	model "github.com/carillon-events/carillon/internal/awsmodel/events"
	"github.com/carillon-events/carillon/internal/destination"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/wire"
)

// DescribeApiDestination describes an API destination.
func (s *Service) DescribeApiDestination(_ context.Context, c *wire.Call, in *model.DescribeApiDestinationInput) (*model.DescribeApiDestinationOutput, error) {
	w := webIn(c, in.Name)
	var d destination.Destination
	err := s.readWeb(w, func(v *store.View) (err error) {
		d, err = destination.Get(v, w.Name)
		return err
	})
	if err != nil {
		return nil, err
	}
	return &model.DescribeApiDestinationOutput{
		ApiDestinationArn: wire.Some(d.ARN().String()), Name: wire.Some(w.Name.Name), Description: some(d.Settings.Description),
		ApiDestinationState: wire.Some(destinationStateAs(d.Active)), ConnectionArn: wire.Some(d.Settings.Connection.String()),
		InvocationEndpoint: wire.Some(d.Settings.Endpoint), HttpMethod: wire.Some(d.Settings.Method),
		InvocationRateLimitPerSecond: perSecond(&d.Settings),
		CreationTime:                 wire.Some(d.CreatedAt), LastModifiedTime: wire.Some(d.ModifiedAt),
	}, nil
}

// perSecond is a rate as it was given.
func perSecond(s *destination.Settings) wire.Opt[int32] {
	return wire.Opt[int32]{V: int32(s.PerSecond), OK: s.PerSecond > 0}
}
