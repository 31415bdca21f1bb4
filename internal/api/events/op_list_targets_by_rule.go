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
	for _, t := range targets {
		last = t.ID
		shown := model.Target{Id: t.ID, Arn: t.ARN.String(), RoleArn: some(t.RoleARN)}
		if t.GroupID != nil {
			shown.SqsParameters = &model.SqsParameters{MessageGroupId: some(*t.GroupID)}
		}
		out.Targets = append(out.Targets, shown)
	}
	out.NextToken = nextToken(c.Operation, more, last)
	return out, nil
}
