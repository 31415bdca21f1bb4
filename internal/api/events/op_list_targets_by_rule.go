package events

import (
	"context"

	model "github.com/carillon-events/carillon/internal/awsmodel/events"
	"github.com/carillon-events/carillon/internal/bus"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/wire"
)

// ListTargetsByRule lists the targets of a rule by id.
func (s *Service) ListTargetsByRule(_ context.Context, c *wire.Call, in *model.ListTargetsByRuleInput) (*model.ListTargetsByRuleOutput, error) {
	n, err := onBus(c, in.EventBusName, in.Rule)
	if err != nil {
		return nil, err
	}
	after, most, err := page(c.Operation, in.NextToken, in.Limit)
	if err != nil {
		return nil, err
	}
	var targets []bus.Target
	var more bool
	err = s.read(n, func(v *store.View) error {
		targets, more, err = bus.ListTargets(v, n.bus, in.Rule, after, most)
		return err
	})
	if err != nil {
		return nil, err
	}
	out := &model.ListTargetsByRuleOutput{Targets: []model.Target{}}
	last := ""
	for i := range targets {
		last = targets[i].ID
		out.Targets = append(out.Targets, shown(&targets[i]))
	}
	out.NextToken = nextToken(c.Operation, more, last)
	return out, nil
}
