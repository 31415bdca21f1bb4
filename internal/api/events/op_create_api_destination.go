package events

import (
	"context"

	model "github.com/carillon-events/carillon/internal/awsmodel/events"
	"github.com/carillon-events/carillon/internal/destination"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/wire"
)

// CreateApiDestination makes an API destination.
func (s *Service) CreateApiDestination(ctx context.Context, c *wire.Call, in *model.CreateApiDestinationInput) (*model.CreateApiDestinationOutput, error) {
	if err := s.checkURL("InvocationEndpoint", in.InvocationEndpoint); err != nil {
		return nil, err
	}
	with, err := s.connectionOf(ctx, c, in.ConnectionArn)
	if err != nil {
		return nil, err
	}
	settings := destination.Settings{
		Description: in.Description.V, Connection: with, Endpoint: in.InvocationEndpoint, Method: in.HttpMethod,
		PerSecond: int(in.InvocationRateLimitPerSecond.V),
	}
	w, id := webIn(c, in.Name), s.newID()
	w.connection = in.ConnectionArn
	var made destination.Destination
	err = s.changeWeb(ctx, w, func(tx *store.Tx) (err error) {
		made, err = s.calls.Core.Create(tx, w.Name, id, settings)
		return err
	})
	if err != nil {
		return nil, err
	}
	return &model.CreateApiDestinationOutput{
		ApiDestinationArn: wire.Some(made.ARN().String()), ApiDestinationState: wire.Some(destinationStateAs(made.Active)),
		CreationTime: wire.Some(made.CreatedAt), LastModifiedTime: wire.Some(made.ModifiedAt),
	}, nil
}
