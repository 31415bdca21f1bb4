package events

import (
	"context"

	model "github.com/carillon-events/carillon/internal/awsmodel/events"
	"github.com/carillon-events/carillon/internal/bus"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/wire"
)

// EnableRule has a rule match again, and occur from now on.
func (s *Service) EnableRule(ctx context.Context, c *wire.Call, in *model.EnableRuleInput) (*model.EnableRuleOutput, error) {
	n, err := onBus(c, in.EventBusName, in.Name)
	if err != nil {
		return nil, err
	}
	err = s.change(ctx, n, func(tx *store.Tx) error { return s.core.SetRuleState(tx, n.bus, in.Name, bus.Enabled) })
	return &model.EnableRuleOutput{}, err
}
