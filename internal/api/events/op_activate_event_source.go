package events

import (
	"context"

	model "github.com/carillon-events/carillon/internal/awsmodel/events"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/wire"
)

// ActivateEventSource has the bus of an event source get its events again.
//
// https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_ActivateEventSource.html
func (s *Service) ActivateEventSource(ctx context.Context, c *wire.Call, in *model.ActivateEventSourceInput) (*model.ActivateEventSourceOutput, error) {
	id := sourceID(c.Account, c, in.Name)
	err := s.changeSource(ctx, id, func(tx *store.Tx) error { return s.core.ActivateSource(tx, id) })
	return &model.ActivateEventSourceOutput{}, err
}
