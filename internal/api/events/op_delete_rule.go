package events

import (
	"context"

	model "github.com/carillon-events/carillon/internal/awsmodel/events"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/wire"
)

// DeleteRule removes a rule without targets. A rule that is not there is
// deleted already. Force is for rules that an AWS service manages; there are none.
func (s *Service) DeleteRule(ctx context.Context, c *wire.Call, in *model.DeleteRuleInput) (*model.DeleteRuleOutput, error) {
	n, err := onBus(c, in.EventBusName, in.Name)
	if err != nil {
		return nil, err
	}
	err = s.change(ctx, n, func(tx *store.Tx) error { return s.core.DeleteRule(tx, n.bus, in.Name) })
	return &model.DeleteRuleOutput{}, err
}
