package events

import (
	"context"

	model "github.com/carillon-events/carillon/internal/awsmodel/events"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/wire"
)

// DeactivateEventSource has the bus of an event source get no more events. In two
// weeks the source is deleted, if it is not activated.
//
// https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_DeactivateEventSource.html
func (s *Service) DeactivateEventSource(ctx context.Context, c *wire.Call, in *model.DeactivateEventSourceInput) (*model.DeactivateEventSourceOutput, error) {
	id := sourceID(c.Account, c, in.Name)
	err := s.changeSource(ctx, id, func(tx *store.Tx) error { return s.core.DeactivateSource(tx, id) })
	return &model.DeactivateEventSourceOutput{}, err
}
