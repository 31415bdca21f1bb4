package events

import (
	"context"

	model "github.com/carillon-events/carillon/internal/awsmodel/events"
	"github.com/carillon-events/carillon/internal/bus"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/wire"
)

// DescribeEndpoint describes a global endpoint, of the region of the request
// unless HomeRegion names another.
func (s *Service) DescribeEndpoint(_ context.Context, c *wire.Call, in *model.DescribeEndpointInput) (*model.DescribeEndpointOutput, error) {
	var e bus.Endpoint
	err := s.shard.View(func(v *store.View) (err error) {
		e, err = bus.GetEndpoint(v, endpointIn(c, in.Name, in.HomeRegion))
		return err
	})
	if err != nil {
		return nil, explainEndpoint(in.Name, err)
	}
	out := model.DescribeEndpointOutput(shownEndpoint(&e))
	return &out, nil
}
