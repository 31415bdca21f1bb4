package events

import (
	"context"

	model "github.com/carillon-events/carillon/internal/awsmodel/events"
	"github.com/carillon-events/carillon/internal/bus"
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
	if in.ScheduleExpression.V != "" {
		return nil, unsupported("ScheduleExpression")
	}
	if in.EventPattern.V == "" {
		return nil, &wire.Error{Code: codeValidation, Message: "Parameter(s) EventPattern or ScheduleExpression must be specified."}
	}
	parsed, err := s.core.ParsePattern(in.EventPattern.V)
	if err != nil {
		return nil, n.explain(err)
	}
	tags, err := tagMap(in.Tags)
	if err != nil {
		return nil, err
	}
	err = s.change(ctx, n, func(tx *store.Tx) error {
		return s.core.PutRule(tx, n.bus, bus.Rule{
			Name: in.Name, Pattern: in.EventPattern.V, State: stateOf[in.State.V], Description: in.Description.V,
			RoleARN: in.RoleArn.V, CreatedBy: c.Account, Parsed: parsed,
		}, tags)
	})
	if err != nil {
		return nil, err
	}
	return &model.PutRuleOutput{RuleArn: wire.Some(n.bus.RuleARN(in.Name).String())}, nil
}
