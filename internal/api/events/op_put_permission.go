package events

import (
	"context"

	model "github.com/carillon-events/carillon/internal/awsmodel/events"
	"github.com/carillon-events/carillon/internal/bus"
	"github.com/carillon-events/carillon/internal/wire"
)

// PutPermission gives a bus a policy, or puts one statement into it. A
// statement replaces the one with the same id.
//
// https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutPermission.html
func (s *Service) PutPermission(ctx context.Context, c *wire.Call, in *model.PutPermissionInput) (*model.PutPermissionOutput, error) {
	n, err := onBus(c, in.EventBusName, "")
	if err != nil {
		return nil, err
	}
	edit, err := policyEdit(n, in)
	if err != nil {
		return nil, err
	}
	err = s.changePolicy(ctx, n, checked(edit))
	return &model.PutPermissionOutput{}, err
}

func policyEdit(n names, in *model.PutPermissionInput) (func(old string) (string, error), error) {
	if !in.Policy.OK {
		statement, err := permission(n.bus, in)
		return statement.with, err
	}
	for _, p := range []param{
		{"Action", in.Action.OK}, {"Principal", in.Principal.OK}, {"StatementId", in.StatementId.OK}, {"Condition", in.Condition != nil},
	} {
		if p.given {
			return nil, invalid(p.name, "It must not be given together with Policy.")
		}
	}
	if len(in.Policy.V) <= bus.MaxPolicy { // the core refuses what is longer
		if _, err := parsePolicy(in.Policy.V); err != nil {
			return nil, err
		}
	}
	return func(string) (string, error) { return in.Policy.V, nil }, nil
}
