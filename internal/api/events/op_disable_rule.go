package events

import (
	"context"

	model "github.com/carillon-events/carillon/internal/awsmodel/events"
	"github.com/carillon-events/carillon/internal/bus"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/wire"
)

// DisableRule has a rule neither match nor occur until it is enabled.
func (s *Service) DisableRule(ctx context.Context, c *wire.Call, in *model.DisableRuleInput) (*model.DisableRuleOutput, error) {
	n, err := onBus(c, in.EventBusName, in.Name)
	if err != nil {
		return nil, err
	}
	err = s.change(ctx, n, func(tx *store.Tx) error { return s.core.SetRuleState(tx, n.bus, in.Name, bus.Disabled) })
	return &model.DisableRuleOutput{}, err
}
