// Github takes GitHub's webhooks, with aws-sdk-go-v2.
//
// Real payloads are posted to a signed webhook, as GitHub posts them. They are
// events on the bus of a partner source; one rule sends them to a topic, and
// each subscriber says with a filter policy what it wants to see.
//
//	go run ./examples/go/github
package main

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	queue "github.com/aws/aws-sdk-go-v2/service/sqs/types"

	githubwebhooks "github.com/carillon-events/carillon/examples/github-webhooks"
)

// hiddenFor is how long a message that was received is hidden from others.
const hiddenFor = 5 * time.Second

// Without keys of yours, a 12-digit access key id is the account that calls.
const account, region = "111111111111", "us-east-1"

func main() {
	endpoint := cmp.Or(os.Getenv("AWS_ENDPOINT_URL"), "http://127.0.0.1:4566")
	cfg := aws.Config{Region: region, BaseEndpoint: &endpoint,
		Credentials: credentials.NewStaticCredentialsProvider(account, "any", "")}
	if err := run(context.Background(), cfg, os.Stdout); err != nil {
		log.Fatal(err)
	}
}

// run tells the story, and takes away what it made.
func run(ctx context.Context, cfg aws.Config, out io.Writer) (err error) {
	name := strings.ToLower(rand.Text()[:8]) // of this run's own, so that you can run it again at once
	h := &hooks{
		endpoint: *cfg.BaseEndpoint, events: eventbridge.NewFromConfig(cfg), sns: sns.NewFromConfig(cfg), sqs: sqs.NewFromConfig(cfg),
		name: name, source: "aws.partner/github.com/octocat-" + name, secret: rand.Text(), out: out,
	}
	defer func() {
		for _, undo := range slices.Backward(h.undo) {
			err = errors.Join(err, undo())
		}
	}()
	if err := h.open(ctx); err != nil {
		return err
	}
	topic, err := h.topic(ctx)
	if err != nil {
		return err
	}
	queues := map[string]string{}
	for _, s := range subscribers {
		if queues[s.name], err = h.subscribe(ctx, topic, s); err != nil {
			return err
		}
	}
	payloads, err := githubwebhooks.All()
	if err != nil {
		return err
	}
	if err := h.postAll(ctx, payloads); err != nil {
		return err
	}
	for _, s := range subscribers {
		if err := h.compare(ctx, s, queues[s.name], payloads); err != nil {
			return err
		}
	}
	return nil
}

// hooks is what this program has on the server.
type hooks struct {
	endpoint             string
	events               *eventbridge.Client
	sns                  *sns.Client
	sqs                  *sqs.Client
	name, source, secret string
	out                  io.Writer
	undo                 []func() error
}

// subscriber says who wants to see what: the policy, and the same said in Go for
// the check at the end.
type subscriber struct {
	name, policy string
	wants        func(kind string, p payload) bool
}

type payload struct {
	Action string
	Sender *struct{ Login string }
}

var subscribers = []subscriber{
	{"audit", "", func(string, payload) bool { return true }},
	{"triage", `{"detail-type": ["issues", "pull_request"], "detail": {"action": ["opened", "reopened"]}}`, func(kind string, p payload) bool {
		return (kind == "issues" || kind == "pull_request") && (p.Action == "opened" || p.Action == "reopened")
	}},
	{"welcome", `{"detail": {"sender": {"login": [{"anything-but": ["Codertocat", "github"]}]}}}`, func(_ string, p payload) bool {
		return p.Sender != nil && p.Sender.Login != "Codertocat" && p.Sender.Login != "github"
	}},
}

// topic makes the topic, and the rule that fills it.
func (h *hooks) topic(ctx context.Context) (string, error) {
	made, err := h.sns.CreateTopic(ctx, &sns.CreateTopicInput{Name: aws.String("github-" + h.name)})
	if err != nil {
		return "", err
	}
	topic := *made.TopicArn
	h.later(func() error {
		_, err := h.sns.DeleteTopic(ctx, &sns.DeleteTopicInput{TopicArn: &topic})
		return err
	})
	_, err = h.sns.SetTopicAttributes(ctx, &sns.SetTopicAttributesInput{TopicArn: &topic, AttributeName: aws.String("Policy"),
		AttributeValue: aws.String(maySend("events.amazonaws.com", "sns:Publish", topic))})
	if err != nil {
		return "", err
	}
	rule := aws.String("publish")
	_, err = h.events.PutRule(ctx, &eventbridge.PutRuleInput{EventBusName: &h.source, Name: rule, EventPattern: aws.String(`{"account": ["` + account + `"]}`)})
	if err != nil {
		return "", err
	}
	h.later(func() error {
		_, targets := h.events.RemoveTargets(ctx, &eventbridge.RemoveTargetsInput{EventBusName: &h.source, Rule: rule, Ids: []string{"topic"}})
		_, rule := h.events.DeleteRule(ctx, &eventbridge.DeleteRuleInput{EventBusName: &h.source, Name: rule})
		return errors.Join(targets, rule)
	})
	_, err = h.events.PutTargets(ctx, &eventbridge.PutTargetsInput{EventBusName: &h.source, Rule: rule,
		Targets: []types.Target{{Id: aws.String("topic"), Arn: &topic}}})
	return topic, err
}

// subscribe makes a queue of the topic and returns its URL. It is told of the
// event alone, without the topic's document around it, and the policy looks into
// the event, where it would otherwise look at the message's attributes.
func (h *hooks) subscribe(ctx context.Context, topic string, s subscriber) (string, error) {
	name := s.name + "-" + h.name
	arn := fmt.Sprintf("arn:aws:sqs:%s:%s:%s", region, account, name)
	q, err := h.sqs.CreateQueue(ctx, &sqs.CreateQueueInput{QueueName: &name,
		Attributes: map[string]string{"Policy": maySend("sns.amazonaws.com", "sqs:SendMessage", arn),
			"VisibilityTimeout": strconv.Itoa(int(hiddenFor.Seconds()))}})
	if err != nil {
		return "", err
	}
	h.later(func() error {
		_, err := h.sqs.DeleteQueue(ctx, &sqs.DeleteQueueInput{QueueUrl: q.QueueUrl})
		return err
	})
	attributes := map[string]string{"RawMessageDelivery": "true"}
	if s.policy != "" {
		attributes["FilterPolicyScope"], attributes["FilterPolicy"] = "MessageBody", s.policy
	}
	_, err = h.sns.Subscribe(ctx, &sns.SubscribeInput{TopicArn: &topic, Protocol: aws.String("sqs"), Endpoint: &arn, Attributes: attributes})
	return *q.QueueUrl, err
}

// maySend is a policy that lets a service of this account in: AWS asks for it,
// and so does --auth strict.
func maySend(service, action, arn string) string {
	return fmt.Sprintf(`{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": %q},
		"Action": %q, "Resource": %q, "Condition": {"StringEquals": {"aws:SourceAccount": %q}}}]}`, service, action, arn, account)
}

// compare reads a subscriber's queue: it has what the policy is for, byte for
// byte, and nothing else.
func (h *hooks) compare(ctx context.Context, s subscriber, url string, payloads []githubwebhooks.Payload) error {
	var want []string
	for _, p := range payloads {
		var parsed payload
		if err := json.Unmarshal([]byte(p.Body), &parsed); err != nil {
			return err
		}
		if s.wants(p.Event, parsed) {
			want = append(want, p.Event+" "+p.Body)
		}
	}
	got, err := h.drain(ctx, url, len(want))
	if err != nil {
		return err
	}
	slices.Sort(got)
	slices.Sort(want)
	return h.check(slices.Equal(got, want), fmt.Sprintf("%s has the %d of %d webhooks that it is for", s.name, len(got), len(payloads)))
}

// drain reads everything in a queue, and deletes what it has read. A queue that
// answers nothing may still hide messages whose answer was lost on its way: they
// come again when their visibility timeout ends.
func (h *hooks) drain(ctx context.Context, url string, want int) (events []string, err error) {
	for late := time.Now().Add(4 * hiddenFor); ; {
		got, err := h.sqs.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{QueueUrl: &url, MaxNumberOfMessages: 10, WaitTimeSeconds: 1})
		if err != nil || len(got.Messages) == 0 && (len(events) >= want || time.Now().After(late)) {
			return events, err
		}
		var done []queue.DeleteMessageBatchRequestEntry
		for _, m := range got.Messages {
			var event struct {
				Kind   string `json:"detail-type"`
				Detail json.RawMessage
			}
			if err := json.Unmarshal([]byte(*m.Body), &event); err != nil {
				return nil, err
			}
			events = append(events, event.Kind+" "+string(event.Detail))
			done = append(done, queue.DeleteMessageBatchRequestEntry{Id: m.MessageId, ReceiptHandle: m.ReceiptHandle})
		}
		if len(done) == 0 {
			continue
		}
		if _, err := h.sqs.DeleteMessageBatch(ctx, &sqs.DeleteMessageBatchInput{QueueUrl: &url, Entries: done}); err != nil {
			return nil, err
		}
	}
}

func (h *hooks) later(undo func() error) { h.undo = append(h.undo, undo) }

func (h *hooks) check(is bool, what string) error {
	if !is {
		return fmt.Errorf("not so: %s", what)
	}
	fmt.Fprintln(h.out, "ok  ", what)
	return nil
}
