package events

import (
	"context"

	model "github.com/carillon-events/carillon/internal/awsmodel/events"
	"github.com/carillon-events/carillon/internal/wire"
)

// Actions that are asked about besides an operation's own.
const (
	actionTag      = "events:TagResource"
	actionPassRole = "iam:PassRole"
)

// passing is a role that the service is given, to act by it.
type passing struct{}

// mayPass asks whether the caller may have the service act by a role: else he
// could do through a rule what he may not do himself. An empty one is none.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html
func mayPass(ctx context.Context, c *wire.Call, role string) error {
	if role == "" || c.Decide == nil {
		return nil
	}
	return c.Ask(ctx, wire.Question{Action: actionPassRole, Resource: role, About: passing{}})
}

// mayTarget asks about every target by itself, and about its role. AWS has one
// question with all targets' ARNs; asked one by one, a condition on
// events:TargetArn holds for all of them, however it is qualified.
func mayTarget(ctx context.Context, c *wire.Call, n names, in *model.PutTargetsInput) error {
	if c.Decide == nil {
		return nil
	}
	rule := n.bus.RuleARN(n.rule).String()
	for i := range in.Targets {
		t := &in.Targets[i]
		if i > 0 && t.Arn != in.Targets[i-1].Arn { // the first was asked about
			if err := c.Ask(ctx, wire.Question{Resource: rule, About: t}); err != nil {
				return err
			}
		}
		if i == 0 || t.RoleArn != in.Targets[i-1].RoleArn {
			if err := mayPass(ctx, c, t.RoleArn.V); err != nil {
				return err
			}
		}
	}
	return nil
}
