package events

import (
	"context"
	"strings"

	"github.com/carillon-events/carillon/internal/archive"
	"github.com/carillon-events/carillon/internal/arn"
	model "github.com/carillon-events/carillon/internal/awsmodel/events"
	"github.com/carillon-events/carillon/internal/bus"
	"github.com/carillon-events/carillon/internal/destination"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/wire"
)

// PutTargets adds targets to a rule, or replaces those with the same ids. All
// are checked before any is written.
func (s *Service) PutTargets(ctx context.Context, c *wire.Call, in *model.PutTargetsInput) (*model.PutTargetsOutput, error) {
	n, err := onBus(c, in.EventBusName, in.Rule)
	if err != nil {
		return nil, err
	}
	targets := make([]bus.Target, len(in.Targets))
	for i := range in.Targets {
		if targets[i], err = s.target(n.bus, &in.Targets[i]); err != nil {
			return nil, err
		}
	}
	if err := mayTarget(ctx, c, n, in); err != nil {
		return nil, err
	}
	err = s.change(ctx, n, func(tx *store.Tx) error { return s.core.PutTargets(tx, n.bus, in.Rule, targets) })
	if err != nil {
		return nil, err
	}
	return &model.PutTargetsOutput{FailedEntryCount: wire.Some[int32](0), FailedEntries: []model.PutTargetsResultEntry{}}, nil
}

// target is the target that the request means, of a rule on bus n.
func (s *Service) target(n bus.Name, t *model.Target) (bus.Target, error) {
	to, err := arn.Parse(t.Arn)
	if err != nil {
		return bus.Target{}, invalid(t.Arn, "Provided Arn is not in correct format.")
	}
	if !s.targets.Knows(to) || to.Service == archive.TargetService {
		return bus.Target{}, invalid("Arn", "Carillon does not deliver to "+to.Service+" yet (target "+t.Id+": "+t.Arn+").")
	}
	if err := refuseParameters(t, to); err != nil {
		return bus.Target{}, err
	}
	out := bus.Target{ID: t.Id, ARN: to, RoleARN: t.RoleArn.V}
	if t.SqsParameters != nil {
		group := t.SqsParameters.MessageGroupId.V
		out.GroupID = &group
	}
	switch {
	case to.Service == "sqs":
		err = checkQueueTarget(out)
	case destination.IsARN(to):
		err = s.setDestinationTarget(&out, n, t)
	case to.Service == "events":
		err = checkBusTarget(n, t, to)
	case to.Service == "logs":
		err = checkLogTarget(n, t, to)
	case to.Service == "sns":
		err = checkTopicTarget(t, to)
	}
	if err != nil {
		return bus.Target{}, err
	}
	if err := setDelivery(&out, n, t); err != nil {
		return bus.Target{}, err
	}
	return out, nil
}

func checkQueueTarget(t bus.Target) error {
	name, ok := t.ARN.QueueName()
	if !ok || t.ARN.Region == "" {
		return invalid(t.ARN.String(), "Provided Arn is not in correct format.")
	}
	if !strings.HasSuffix(name, ".fifo") {
		return nil
	}
	absent := ""
	if t.GroupID == nil {
		absent = "SqsParameters"
	} else if *t.GroupID == "" {
		absent = "MessageGroupId"
	}
	if absent != "" {
		return &wire.Error{Code: codeValidation, Message: "Parameter(s) " + absent + " must be specified for target: " + t.ID + "."}
	}
	return nil
}

// refuseParameters refuses what a target may carry on AWS and is not honoured here.
func refuseParameters(t *model.Target, to arn.ARN) error {
	return refusal(
		param{"KinesisParameters", t.KinesisParameters != nil},
		param{"RunCommandParameters", t.RunCommandParameters != nil},
		param{"EcsParameters", t.EcsParameters != nil},
		param{"BatchParameters", t.BatchParameters != nil},
		param{"HttpParameters", t.HttpParameters != nil && !destination.IsARN(to)},
		param{"RedshiftDataParameters", t.RedshiftDataParameters != nil},
		param{"SageMakerPipelineParameters", t.SageMakerPipelineParameters != nil},
		param{"AppSyncParameters", t.AppSyncParameters != nil},
	)
}
