package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
)

// account is what one account does.
type account struct {
	number, run string
	events      *eventbridge.Client
	sqs         *sqs.Client
	undo        []func() error
}

func newAccount(cfg aws.Config, number, run string) *account {
	return &account{number: number, run: run, events: eventbridge.NewFromConfig(cfg), sqs: sqs.NewFromConfig(cfg)}
}

func (a *account) later(undo func() error) { a.undo = append(a.undo, undo) }

// close takes away what was made, the last first.
func (a *account) close() (err error) {
	for _, undo := range slices.Backward(a.undo) {
		err = errors.Join(err, undo())
	}
	return err
}

func (a *account) bus(ctx context.Context, name string) (string, error) {
	made, err := a.events.CreateEventBus(ctx, &eventbridge.CreateEventBusInput{Name: &name})
	if err != nil {
		return "", err
	}
	a.later(func() error {
		_, err := a.events.DeleteEventBus(ctx, &eventbridge.DeleteEventBusInput{Name: &name})
		return err
	})
	return *made.EventBusArn, nil
}

type queue struct{ url, arn string }

// queue makes a queue that rules of this account may send to: AWS asks for the
// policy, and so does --auth strict.
func (a *account) queue(ctx context.Context, name string, attributes map[string]string) (queue, error) {
	name += "-" + a.run
	if attributes["FifoQueue"] == "true" {
		name += ".fifo"
	}
	q := queue{arn: fmt.Sprintf("arn:aws:sqs:%s:%s:%s", region, a.number, name)}
	all := map[string]string{"Policy": fmt.Sprintf(`{"Version": "2012-10-17", "Statement": [{"Effect": "Allow",
		"Principal": {"Service": "events.amazonaws.com"}, "Action": "sqs:SendMessage", "Resource": %q,
		"Condition": {"StringEquals": {"aws:SourceAccount": %q}}}]}`, q.arn, a.number)}
	maps.Copy(all, attributes)
	made, err := a.sqs.CreateQueue(ctx, &sqs.CreateQueueInput{QueueName: &name, Attributes: all})
	if err != nil {
		return q, err
	}
	q.url = *made.QueueUrl
	a.later(func() error {
		_, err := a.sqs.DeleteQueue(ctx, &sqs.DeleteQueueInput{QueueUrl: &q.url})
		return err
	})
	return q, nil
}

// rule makes a rule for a kind of event, and returns its ARN.
func (a *account) rule(ctx context.Context, bus, name, kind string, target types.Target) (string, error) {
	rule, err := a.events.PutRule(ctx, &eventbridge.PutRuleInput{EventBusName: &bus, Name: &name,
		EventPattern: aws.String(fmt.Sprintf(`{"detail-type": [%q]}`, kind))})
	if err != nil {
		return "", err
	}
	target.Id = aws.String("target")
	a.later(func() error {
		_, targets := a.events.RemoveTargets(ctx, &eventbridge.RemoveTargetsInput{EventBusName: &bus, Rule: &name, Ids: []string{"target"}})
		_, rule := a.events.DeleteRule(ctx, &eventbridge.DeleteRuleInput{EventBusName: &bus, Name: &name})
		return errors.Join(targets, rule)
	})
	put, err := a.events.PutTargets(ctx, &eventbridge.PutTargetsInput{EventBusName: &bus, Rule: &name, Targets: []types.Target{target}})
	if err == nil && put.FailedEntryCount > 0 { // one bad target does not fail the call
		err = fmt.Errorf("target of %s: %s", name, aws.ToString(put.FailedEntries[0].ErrorMessage))
	}
	return *rule.RuleArn, err
}

// errUnreadable is what a reader says of a message that it cannot read.
var errUnreadable = errors.New("unreadable")

// read reads a queue until it is empty. What is unreadable is not deleted, and
// comes again.
func (a *account) read(ctx context.Context, q queue, wait int32, handle func(body string) error) error {
	for {
		got, err := a.sqs.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{QueueUrl: &q.url, MaxNumberOfMessages: 10, WaitTimeSeconds: wait})
		if err != nil || len(got.Messages) == 0 {
			return err
		}
		for _, m := range got.Messages {
			switch err := handle(*m.Body); {
			case errors.Is(err, errUnreadable):
				continue
			case err != nil:
				return err
			}
			if _, err := a.sqs.DeleteMessage(ctx, &sqs.DeleteMessageInput{QueueUrl: &q.url, ReceiptHandle: m.ReceiptHandle}); err != nil {
				return err
			}
		}
	}
}
