package events

import (
	"context"

	"github.com/carillon-events/carillon/internal/arn"
	model "github.com/carillon-events/carillon/internal/awsmodel/events"
	"github.com/carillon-events/carillon/internal/bus"
	"github.com/carillon-events/carillon/internal/pattern"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/wire"
)

// The states of a rule, in AWS's words.
const (
	stateEnabled       = "ENABLED"
	stateDisabled      = "DISABLED"
	stateEnabledForAll = "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"
)

var (
	stateOf = map[string]bus.State{"": bus.Enabled, stateEnabled: bus.Enabled, stateDisabled: bus.Disabled, stateEnabledForAll: bus.EnabledForAll}
	stateAs = map[bus.State]string{bus.Enabled: stateEnabled, bus.Disabled: stateDisabled, bus.EnabledForAll: stateEnabledForAll}
)

// PutRule makes a rule or replaces one. What the request leaves out is not kept
// from the old rule, its targets and tags are.
func (s *Service) PutRule(ctx context.Context, c *wire.Call, in *model.PutRuleInput) (*model.PutRuleOutput, error) {
	n, err := onBus(c, in.EventBusName, in.Name)
	if err != nil {
		return nil, err
	}
	if in.ScheduleExpression.OK && n.bus.Bus != arn.DefaultBus {
		// Also an empty one: https://github.com/aws-controllers-k8s/community/issues/1984
		return nil, &wire.Error{Code: codeValidation, Message: "ScheduleExpression is supported only on the default event bus."}
	}
	if in.EventPattern.V == "" && in.ScheduleExpression.V == "" {
		return nil, &wire.Error{Code: codeValidation, Message: "Parameter(s) EventPattern or ScheduleExpression must be specified."}
	}
	var parsed *pattern.Pattern
	if in.EventPattern.V != "" {
		if parsed, err = s.core.ParsePattern(in.EventPattern.V); err != nil {
			return nil, n.explain(err)
		}
	}
	tags, err := tagMap(in.Tags)
	if err != nil {
		return nil, err
	}
	if err := mayPass(ctx, c, in.RoleArn.V); err != nil {
		return nil, err
	}
	if len(tags) > 0 {
		// https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutRule.html
		if err := c.Ask(ctx, wire.Question{Action: actionTag, Resource: n.bus.RuleARN(in.Name).String(), About: in}); err != nil {
			return nil, err
		}
	}
	err = s.change(ctx, n, func(tx *store.Tx) error {
		return s.core.PutRule(tx, n.bus, bus.Rule{
			Name: in.Name, Pattern: in.EventPattern.V, Schedule: in.ScheduleExpression.V,
			State: stateOf[in.State.V], Description: in.Description.V, RoleARN: in.RoleArn.V, CreatedBy: c.Account, Parsed: parsed,
		}, tags)
	})
	if err != nil {
		return nil, err
	}
	return &model.PutRuleOutput{RuleArn: wire.Some(n.bus.RuleARN(in.Name).String())}, nil
}
