package events

import (
	"strings"
	"time"

	"github.com/carillon-events/carillon/internal/arn"
	model "github.com/carillon-events/carillon/internal/awsmodel/events"
	"github.com/carillon-events/carillon/internal/bus"
	"github.com/carillon-events/carillon/internal/transform"
	"github.com/carillon-events/carillon/internal/wire"
)

// setDelivery sets what a target sees of an event and what happens when it
// cannot be delivered. n is the bus of the rule.
func setDelivery(out *bus.Target, n bus.Name, t *model.Target) error {
	out.Input, out.InputPath = pointer(t.Input), pointer(t.InputPath)
	if in := t.InputTransformer; in != nil {
		out.Transformer = &transform.Transformer{Paths: in.InputPathsMap, Template: in.InputTemplate}
	}
	if _, err := out.Compile(); err != nil {
		// AWS's sentence, which is one of the whole request.
		return &wire.Error{Code: codeValidation, Message: err.Error()}
	}
	if r := t.RetryPolicy; r != nil {
		out.Retry = retry(r)
	}
	return setDeadLetter(out, n, t.DeadLetterConfig)
}

func pointer(s wire.Opt[string]) *string {
	if !s.OK {
		return nil
	}
	return &s.V
}

func retry(r *model.RetryPolicy) *bus.Retry {
	out := new(bus.Retry)
	if r.MaximumRetryAttempts.OK {
		attempts := int(r.MaximumRetryAttempts.V)
		out.MaxAttempts = &attempts
	}
	if r.MaximumEventAgeInSeconds.OK {
		age := time.Duration(r.MaximumEventAgeInSeconds.V) * time.Second
		out.MaxAge = &age
	}
	return out
}

// setDeadLetter wants a standard queue of the rule's region, of any account.
// Whether it exists is seen when it is needed, as on AWS.
// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html#eb-dlq-considerations
func setDeadLetter(out *bus.Target, n bus.Name, config *model.DeadLetterConfig) error {
	if config == nil || !config.Arn.OK {
		return nil
	}
	bad := func(reason string) error {
		return invalid("DeadLetterConfig.Arn", reason+" (target "+out.ID+": "+config.Arn.V+").")
	}
	to, err := arn.Parse(config.Arn.V)
	if err != nil {
		return bad("Provided Arn is not in correct format")
	}
	name, ok := to.QueueName()
	switch {
	case !ok || to.Account == "":
		return bad("It must be the ARN of an SQS queue")
	case strings.HasSuffix(name, ".fifo"):
		return bad("It must be a standard queue, not a FIFO queue")
	case to.Region != n.Region:
		return bad("The queue must be in the region of the rule")
	}
	out.DeadLetter = &to
	return nil
}

// shown is a target as it was put.
func shown(t *bus.Target) model.Target {
	out := model.Target{Id: t.ID, Arn: t.ARN.String(), RoleArn: some(t.RoleARN), HttpParameters: shownHTTP(t.HTTP)}
	if t.GroupID != nil {
		out.SqsParameters = &model.SqsParameters{MessageGroupId: some(*t.GroupID)}
	}
	if t.Input != nil {
		out.Input = wire.Some(*t.Input)
	}
	if t.InputPath != nil {
		out.InputPath = wire.Some(*t.InputPath)
	}
	if t.Transformer != nil {
		out.InputTransformer = &model.InputTransformer{InputPathsMap: t.Transformer.Paths, InputTemplate: t.Transformer.Template}
	}
	if t.Retry != nil {
		out.RetryPolicy = new(model.RetryPolicy)
		if most := t.Retry.MaxAttempts; most != nil {
			out.RetryPolicy.MaximumRetryAttempts = wire.Some(int32(*most))
		}
		if age := t.Retry.MaxAge; age != nil {
			out.RetryPolicy.MaximumEventAgeInSeconds = wire.Some(int32(*age / time.Second))
		}
	}
	if t.DeadLetter != nil {
		out.DeadLetterConfig = &model.DeadLetterConfig{Arn: wire.Some(t.DeadLetter.String())}
	}
	return out
}
