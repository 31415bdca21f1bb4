package events

import (
	"context"

	"github.com/carillon-events/carillon/internal/arn"
	model "github.com/carillon-events/carillon/internal/awsmodel/events"
	"github.com/carillon-events/carillon/internal/bus"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/wire"
)

// ListRuleNamesByTarget lists the rules of a bus that send to a target.
func (s *Service) ListRuleNamesByTarget(_ context.Context, c *wire.Call, in *model.ListRuleNamesByTargetInput) (*model.ListRuleNamesByTargetOutput, error) {
	n, err := onBus(c, in.EventBusName, "")
	if err != nil {
		return nil, err
	}
	after, most, err := page(c.Operation, in.NextToken, in.Limit)
	if err != nil {
		return nil, err
	}
	target, err := arn.Parse(in.TargetArn)
	if err != nil {
		return nil, invalid(in.TargetArn, "Provided Arn is not in correct format.")
	}
	out := &model.ListRuleNamesByTargetOutput{RuleNames: []string{}}
	err = s.read(n, func(v *store.View) error {
		found, more, err := bus.RulesOfTarget(v, n.bus, target, after, most)
		if len(found) > 0 {
			out.RuleNames = found
			out.NextToken = nextToken(c.Operation, more, found[len(found)-1])
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}
