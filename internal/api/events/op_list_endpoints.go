package events

import (
	"context"

	model "github.com/carillon-events/carillon/internal/awsmodel/events"
	"github.com/carillon-events/carillon/internal/bus"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/wire"
)

// ListEndpoints lists the global endpoints of the account by name: those of the
// region of the request, unless HomeRegion names another.
func (s *Service) ListEndpoints(_ context.Context, c *wire.Call, in *model.ListEndpointsInput) (*model.ListEndpointsOutput, error) {
	after, most, err := page(c.Operation, in.NextToken, in.MaxResults)
	if err != nil {
		return nil, err
	}
	out := &model.ListEndpointsOutput{Endpoints: []model.Endpoint{}}
	err = s.shard.View(func(v *store.View) error {
		found, more, err := bus.ListEndpoints(v, endpointIn(c, "", in.HomeRegion), in.NamePrefix.V, after, most)
		for i := range found {
			out.Endpoints = append(out.Endpoints, shownEndpoint(&found[i]))
			out.NextToken = nextToken(c.Operation, more, found[i].Name.Name)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}
