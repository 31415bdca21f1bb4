package events

import (
	"context"

	model "github.com/carillon-events/carillon/internal/awsmodel/events"
	"github.com/carillon-events/carillon/internal/bus"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/wire"
)

// DescribeRule describes a rule, without its targets.
func (s *Service) DescribeRule(_ context.Context, c *wire.Call, in *model.DescribeRuleInput) (*model.DescribeRuleOutput, error) {
	n, err := onBus(c, in.EventBusName, in.Name)
	if err != nil {
		return nil, err
	}
	var r bus.Rule
	err = s.read(n, func(v *store.View) error {
		r, err = bus.GetRule(v, n.bus, in.Name)
		return err
	})
	if err != nil {
		return nil, err
	}
	return &model.DescribeRuleOutput{
		Name: wire.Some(r.Name), Arn: wire.Some(n.bus.RuleARN(r.Name).String()), EventPattern: some(r.Pattern),
		ScheduleExpression: some(r.Schedule), State: wire.Some(stateAs[r.State]), Description: some(r.Description), RoleArn: some(r.RoleARN),
		EventBusName: wire.Some(n.bus.Bus), CreatedBy: some(r.CreatedBy),
	}, nil
}
