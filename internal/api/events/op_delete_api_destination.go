package events

import (
	"context"

	model "github.com/carillon-events/carillon/internal/awsmodel/events"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/wire"
)

// DeleteApiDestination deletes an API destination. Targets stay; what is sent to
// them waits for it, as for a queue, and ends with their retry policy.
func (s *Service) DeleteApiDestination(ctx context.Context, c *wire.Call, in *model.DeleteApiDestinationInput) (*model.DeleteApiDestinationOutput, error) {
	w := webIn(c, in.Name)
	if err := s.changeWeb(ctx, w, func(tx *store.Tx) error { return s.calls.Core.Delete(tx, w.Name) }); err != nil {
		return nil, err
	}
	return &model.DeleteApiDestinationOutput{}, nil
}
