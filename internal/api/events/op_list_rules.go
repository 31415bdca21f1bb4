package events

import (
	"context"

	model "github.com/carillon-events/carillon/internal/awsmodel/events"
	"github.com/carillon-events/carillon/internal/bus"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/wire"
)

// ListRules lists the rules of a bus by name.
func (s *Service) ListRules(_ context.Context, c *wire.Call, in *model.ListRulesInput) (*model.ListRulesOutput, error) {
	n, err := onBus(c, in.EventBusName, "")
	if err != nil {
		return nil, err
	}
	after, most, err := page(c.Operation, in.NextToken, in.Limit)
	if err != nil {
		return nil, err
	}
	var rules []bus.Rule
	var more bool
	err = s.read(n, func(v *store.View) error {
		rules, more, err = bus.ListRules(v, n.bus, in.NamePrefix.V, after, most)
		return err
	})
	if err != nil {
		return nil, err
	}
	out := &model.ListRulesOutput{Rules: []model.Rule{}}
	last := ""
	for _, r := range rules {
		last = r.Name
		out.Rules = append(out.Rules, model.Rule{
			Name: wire.Some(r.Name), Arn: wire.Some(n.bus.RuleARN(r.Name).String()), EventPattern: some(r.Pattern),
			ScheduleExpression: some(r.Schedule), State: wire.Some(stateAs[r.State]), Description: some(r.Description), RoleArn: some(r.RoleARN),
			EventBusName: wire.Some(n.bus.Bus),
		})
	}
	out.NextToken = nextToken(c.Operation, more, last)
	return out, nil
}
