package events

import (
	"context"

	model "github.com/carillon-events/carillon/internal/awsmodel/events"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/wire"
)

// RemoveTargets removes targets from a rule. An id that the rule does not have
// is removed already, so that a repeated call does not fail.
func (s *Service) RemoveTargets(ctx context.Context, c *wire.Call, in *model.RemoveTargetsInput) (*model.RemoveTargetsOutput, error) {
	n, err := onBus(c, in.EventBusName, in.Rule)
	if err != nil {
		return nil, err
	}
	err = s.change(ctx, n, func(tx *store.Tx) error {
		_, err := s.core.RemoveTargets(tx, n.bus, in.Rule, in.Ids)
		return err
	})
	if err != nil {
		return nil, err
	}
	return &model.RemoveTargetsOutput{FailedEntryCount: wire.Some[int32](0), FailedEntries: []model.RemoveTargetsResultEntry{}}, nil
}
