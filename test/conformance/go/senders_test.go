package conformance

import (
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	bus "github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
)

// opened lets a queue take what a service sends for one rule or topic.
func (t *tour) opened(url *string, service, source string) {
	t.Helper()
	must(0, t.setAttributes(url, attrs{"Policy": `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"` + service +
		`"},"Action":"sqs:SendMessage","Resource":"` + t.arn(url) + `","Condition":{"ArnEquals":{"aws:SourceArn":"` + source + `"}}}]}`}))(t)
}

// ruleTo makes a rule for events of a source, with one target, and returns its ARN.
func (t *tour) ruleTo(on, source, target string, dead *string) string {
	t.Helper()
	name := t.name("rule")
	arn := *must(t.events.PutRule(t.ctx, &eventbridge.PutRuleInput{Name: &name, EventBusName: &on, EventPattern: aws.String(`{"source":["` + source + `"]}`)}))(t).RuleArn
	to := bus.Target{Id: aws.String("t"), Arn: &target}
	if dead != nil {
		t.opened(dead, "events.amazonaws.com", arn)
		to.DeadLetterConfig = &bus.DeadLetterConfig{Arn: aws.String(t.arn(dead))}
	}
	must(t.events.PutTargets(t.ctx, &eventbridge.PutTargetsInput{Rule: &name, EventBusName: &on, Targets: []bus.Target{to}}))(t)
	return arn
}

func (t *tour) event(source string) {
	t.Helper()
	must(t.events.PutEvents(t.ctx, &eventbridge.PutEventsInput{Entries: []bus.PutEventsRequestEntry{{Source: &source, DetailType: aws.String("d"), Detail: aws.String("{}")}}}))(t)
}

func (t *tour) deadFor(url *string, attribute, code string) {
	t.Helper()
	m := t.receive(1, sqs.ReceiveMessageInput{QueueUrl: url, MessageAttributeNames: []string{"All"}})[0]
	equal(t, attribute, *m.MessageAttributes[attribute].StringValue, code)
	t.delete(url, m)
}

// strictRuleToQueue: a queue that only one rule may write to.
func strictRuleToQueue(t *tour) {
	url, dead, source := t.queue(nil), t.queue(nil), t.name("source")
	rule := t.ruleTo("default", source, t.arn(url), dead)
	t.event(source)
	t.deadFor(dead, "ERROR_CODE", "NO_PERMISSIONS")
	t.opened(url, "events.amazonaws.com", rule)
	other := t.queue(nil)
	t.ruleTo("default", source+"2", t.arn(url), other)
	t.event(source + "2")
	t.deadFor(other, "ERROR_CODE", "NO_PERMISSIONS")
	t.event(source)
	if body := *t.one(url).Body; !strings.Contains(body, `"`+source+`"`) {
		t.Error(body)
	}
}

// strictTopicAbroad: a topic with a queue of another account.
func strictTopicAbroad(t, guest *tour) {
	topic, url, dead := must(t.sns.CreateTopic(t.ctx, &sns.CreateTopicInput{Name: aws.String(t.name("topic"))}))(t).TopicArn, guest.queue(nil), t.queue(nil)
	t.opened(dead, "sns.amazonaws.com", *topic)
	must(t.sns.AddPermission(t.ctx, &sns.AddPermissionInput{TopicArn: topic, Label: aws.String("guest"), AWSAccountId: []string{guestAccount}, ActionName: []string{"Subscribe"}}))(t)
	must(guest.sns.Subscribe(t.ctx, &sns.SubscribeInput{TopicArn: topic, Protocol: aws.String("sqs"), Endpoint: aws.String(guest.arn(url)), Attributes: attrs{
		"RawMessageDelivery": "true", "RedrivePolicy": `{"deadLetterTargetArn":"` + t.arn(dead) + `"}`}}))(t)
	publish := func(text string) {
		must(t.sns.Publish(t.ctx, &sns.PublishInput{TopicArn: topic, Message: &text}))(t)
	}
	publish("first")
	t.deadFor(dead, "ErrorCode", "AccessDenied")
	guest.opened(url, "sns.amazonaws.com", *topic)
	publish("second")
	equal(t, "Body", *guest.one(url).Body, "second")
}

// strictBusAbroad: a bus of another account.
func strictBusAbroad(t, guest *tour) {
	source, name, dead, url := t.name("source"), guest.name("bus"), t.queue(nil), guest.queue(nil)
	theirs := *must(guest.events.CreateEventBus(t.ctx, &eventbridge.CreateEventBusInput{Name: &name}))(t).EventBusArn
	guest.opened(url, "events.amazonaws.com", guest.ruleTo(name, source, guest.arn(url), nil))
	t.ruleTo("default", source, theirs, dead)
	t.event(source)
	t.deadFor(dead, "ERROR_CODE", "NO_PERMISSIONS")
	must(guest.events.PutPermission(t.ctx, &eventbridge.PutPermissionInput{EventBusName: &name, Action: aws.String("events:PutEvents"), Principal: aws.String(strictAccount), StatementId: aws.String("them")}))(t)
	t.event(source)
	if body := *guest.one(url).Body; !strings.Contains(body, `"account":"`+strictAccount+`"`) {
		t.Error(body)
	}
}
