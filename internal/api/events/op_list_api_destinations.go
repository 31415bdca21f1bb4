package events

import (
	"context"

	model "github.com/carillon-events/carillon/internal/awsmodel/events"
	"github.com/carillon-events/carillon/internal/destination"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/wire"
)

// ListApiDestinations lists the API destinations of the account in the region
// by name.
func (s *Service) ListApiDestinations(_ context.Context, c *wire.Call, in *model.ListApiDestinationsInput) (*model.ListApiDestinationsOutput, error) {
	after, most, err := page(c.Operation, in.NextToken, in.Limit)
	if err != nil {
		return nil, err
	}
	out := &model.ListApiDestinationsOutput{ApiDestinations: []model.ApiDestination{}}
	w := webIn(c, "")
	err = s.readWeb(w, func(v *store.View) error {
		filter := destination.Filter{Prefix: in.NamePrefix.V, Connection: in.ConnectionArn.V}
		found, more, err := destination.List(v, w.Name, filter, after, most)
		for i := range found {
			d := &found[i]
			out.ApiDestinations = append(out.ApiDestinations, model.ApiDestination{
				ApiDestinationArn: wire.Some(d.ARN().String()), Name: wire.Some(d.Name.Name), ApiDestinationState: wire.Some(destinationStateAs(d.Active)),
				ConnectionArn: wire.Some(d.Settings.Connection.String()), InvocationEndpoint: wire.Some(d.Settings.Endpoint),
				HttpMethod: wire.Some(d.Settings.Method), InvocationRateLimitPerSecond: perSecond(&d.Settings),
				CreationTime: wire.Some(d.CreatedAt), LastModifiedTime: wire.Some(d.ModifiedAt),
			})
			out.NextToken = nextToken(c.Operation, more, d.Name.Name)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}
