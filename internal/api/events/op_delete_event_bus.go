package events

import (
	"context"

	model "github.com/carillon-events/carillon/internal/awsmodel/events"
	"github.com/carillon-events/carillon/internal/bus"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/wire"
)

// DeleteEventBus removes a custom bus without rules. A bus that is not there
// is deleted already.
func (s *Service) DeleteEventBus(ctx context.Context, c *wire.Call, in *model.DeleteEventBusInput) (*model.DeleteEventBusOutput, error) {
	n := names{bus: bus.Name{Account: c.Account, Region: c.Region, Bus: in.Name}}
	err := s.change(ctx, n, func(tx *store.Tx) error {
		if err := s.core.DeleteBus(tx, n.bus); err != nil {
			return err
		}
		s.follow(tx, n.bus, "")
		return nil
	})
	return &model.DeleteEventBusOutput{}, err
}
