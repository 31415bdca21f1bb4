package events

import (
	"context"

	model "github.com/carillon-events/carillon/internal/awsmodel/events"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/wire"
)

// DeleteEndpoint removes a global endpoint. Its buses stay, and send nothing to
// each other any more.
func (s *Service) DeleteEndpoint(ctx context.Context, c *wire.Call, in *model.DeleteEndpointInput) (*model.DeleteEndpointOutput, error) {
	n := endpointIn(c, in.Name, wire.Opt[string]{})
	err := s.changeEndpoint(ctx, in.Name, func(tx *store.Tx) error { return s.core.DeleteEndpoint(tx, n) })
	if err != nil {
		return nil, err
	}
	return &model.DeleteEndpointOutput{}, nil
}
