// Door is a smart door, with aws-sdk-go-v2.
//
// The lock tells its bus what the door does, and knows of nobody who listens.
// One rule tells a phone over HTTP, another starts identification from a queue.
// The phone's service is down for a while and misses nothing; an event that is
// sent twice opens the door once.
//
//	go run ./examples/go/door
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
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
)

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
	h := &house{
		events: eventbridge.NewFromConfig(cfg), sqs: sqs.NewFromConfig(cfg), out: out,
		bus: "home-" + strings.ToLower(rand.Text()[:8]), // a name of this run's own, so that you can run it again at once
	}
	defer func() {
		for _, undo := range slices.Backward(h.undo) {
			err = errors.Join(err, undo())
		}
	}()
	p := &phone{told: map[int]int{}, address: "127.0.0.1:0"}
	if err := p.up(); err != nil {
		return err
	}
	defer p.down()
	identification, err := h.layOut(ctx, p)
	if err != nil {
		return err
	}
	return h.live(ctx, p, identification)
}

// house is what this program has on the server.
type house struct {
	events *eventbridge.Client
	sqs    *sqs.Client
	bus    string
	out    io.Writer
	undo   []func() error
}

// layOut makes the bus and the two rules, and returns the URL of the queue.
func (h *house) layOut(ctx context.Context, p *phone) (string, error) {
	// Two tags make the bus recognise an event that is put twice, by a key in the event.
	_, err := h.events.CreateEventBus(ctx, &eventbridge.CreateEventBusInput{Name: &h.bus, Tags: []types.Tag{
		{Key: aws.String("carillon:idempotency-key-path"), Value: aws.String("$.detail.key")},
		{Key: aws.String("carillon:idempotency-window"), Value: aws.String("10m")},
	}})
	if err != nil {
		return "", err
	}
	h.later(func() error {
		_, err := h.events.DeleteEventBus(ctx, &eventbridge.DeleteEventBusInput{Name: &h.bus})
		return err
	})
	destination, err := h.destination(ctx, "http://"+p.address+"/notify")
	if err != nil {
		return "", err
	}
	url, arn, err := h.queue(ctx, "identification-"+h.bus)
	if err != nil {
		return "", err
	}
	return url, errors.Join(h.rule(ctx, "notify", destination), h.rule(ctx, "identify", arn))
}

// destination makes an API destination, which is an address, and the connection,
// which is the right to call it.
func (h *house) destination(ctx context.Context, url string) (string, error) {
	connection, err := h.events.CreateConnection(ctx, &eventbridge.CreateConnectionInput{
		Name: &h.bus, AuthorizationType: types.ConnectionAuthorizationTypeApiKey,
		AuthParameters: &types.CreateConnectionAuthRequestParameters{ApiKeyAuthParameters: &types.CreateConnectionApiKeyAuthRequestParameters{
			ApiKeyName: aws.String("X-Api-Key"), ApiKeyValue: aws.String(apiKey),
		}},
	})
	if err != nil {
		return "", err
	}
	h.later(func() error {
		_, err := h.events.DeleteConnection(ctx, &eventbridge.DeleteConnectionInput{Name: &h.bus})
		return err
	})
	destination, err := h.events.CreateApiDestination(ctx, &eventbridge.CreateApiDestinationInput{
		Name: &h.bus, ConnectionArn: connection.ConnectionArn, HttpMethod: types.ApiDestinationHttpMethodPost, InvocationEndpoint: &url,
	})
	if err != nil {
		return "", err
	}
	h.later(func() error {
		_, err := h.events.DeleteApiDestination(ctx, &eventbridge.DeleteApiDestinationInput{Name: &h.bus})
		return err
	})
	return *destination.ApiDestinationArn, nil
}

// queue makes a queue that rules of this account may send to: AWS asks for the
// policy, and so does --auth strict.
func (h *house) queue(ctx context.Context, name string) (url, arn string, err error) {
	arn = fmt.Sprintf("arn:aws:sqs:%s:%s:%s", region, account, name)
	policy := fmt.Sprintf(`{"Version": "2012-10-17", "Statement": [{"Effect": "Allow",
		"Principal": {"Service": "events.amazonaws.com"}, "Action": "sqs:SendMessage", "Resource": %q,
		"Condition": {"StringEquals": {"aws:SourceAccount": %q}}}]}`, arn, account)
	q, err := h.sqs.CreateQueue(ctx, &sqs.CreateQueueInput{QueueName: &name, Attributes: map[string]string{"Policy": policy}})
	if err != nil {
		return "", "", err
	}
	h.later(func() error {
		_, err := h.sqs.DeleteQueue(ctx, &sqs.DeleteQueueInput{QueueUrl: q.QueueUrl})
		return err
	})
	return *q.QueueUrl, arn, nil
}

func (h *house) rule(ctx context.Context, name, target string) error {
	_, err := h.events.PutRule(ctx, &eventbridge.PutRuleInput{EventBusName: &h.bus, Name: &name,
		EventPattern: aws.String(`{"source": ["smart.lock"], "detail-type": ["Door Status"]}`)})
	if err != nil {
		return err
	}
	h.later(func() error {
		_, targets := h.events.RemoveTargets(ctx, &eventbridge.RemoveTargetsInput{EventBusName: &h.bus, Rule: &name, Ids: []string{"target"}})
		_, rule := h.events.DeleteRule(ctx, &eventbridge.DeleteRuleInput{EventBusName: &h.bus, Name: &name})
		return errors.Join(targets, rule)
	})
	put, err := h.events.PutTargets(ctx, &eventbridge.PutTargetsInput{EventBusName: &h.bus, Rule: &name,
		Targets: []types.Target{{Id: aws.String("target"), Arn: &target}}})
	if err == nil && put.FailedEntryCount > 0 { // one bad target does not fail the call
		err = fmt.Errorf("target of %s: %s", name, aws.ToString(put.FailedEntries[0].ErrorMessage))
	}
	return err
}

// live is what happens at the door.
func (h *house) live(ctx context.Context, p *phone, identification string) error {
	first, err := h.door(ctx, 0, 1)
	if err != nil {
		return err
	}
	if err := p.waitFor(2); err != nil {
		return err
	}
	p.down()
	if _, err := h.door(ctx, 2, 3, 4, 5); err != nil { // as fast as before: a dead target delays nobody
		return err
	}
	if err := h.check(p.notified() == 2, "4 events wait for the phone, whose service is down"); err != nil {
		return err
	}
	again, err := h.door(ctx, 0)
	if err != nil {
		return err
	}
	if err := h.check(again == first, "the first event, sent again, is acknowledged with the first one's id"); err != nil {
		return err
	}
	if err := p.up(); err != nil {
		return err
	}
	if err := p.waitFor(6); err != nil {
		return err
	}
	fmt.Fprintln(h.out, "ok   the phone was told of all 6 events")
	seen, err := h.drain(ctx, identification)
	if err != nil {
		return err
	}
	slices.Sort(seen)
	return h.check(slices.Equal(seen, []int{0, 1, 2, 3, 4, 5}), "identification has each of the 6 events once")
}

// door puts events of these numbers, and returns the id of the first one.
func (h *house) door(ctx context.Context, numbers ...int) (string, error) {
	var entries []types.PutEventsRequestEntry
	for _, n := range numbers {
		detail := fmt.Sprintf(`{"door": "front", "status": %q, "number": %d, "key": "front-%d"}`, []string{"opened", "closed"}[n%2], n, n)
		entries = append(entries, types.PutEventsRequestEntry{EventBusName: &h.bus, Source: aws.String("smart.lock"),
			DetailType: aws.String("Door Status"), Detail: &detail})
	}
	put, err := h.events.PutEvents(ctx, &eventbridge.PutEventsInput{Entries: entries})
	if err != nil {
		return "", err
	}
	if put.FailedEntryCount > 0 {
		return "", errors.New("an event was refused")
	}
	return *put.Entries[0].EventId, nil
}

// drain reads everything in a queue, and deletes each message once it is read.
func (h *house) drain(ctx context.Context, url string) (numbers []int, err error) {
	for {
		got, err := h.sqs.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{QueueUrl: &url, MaxNumberOfMessages: 10, WaitTimeSeconds: 1})
		if err != nil || len(got.Messages) == 0 {
			return numbers, err
		}
		for _, m := range got.Messages {
			var event struct{ Detail struct{ Number int } }
			if err := json.Unmarshal([]byte(*m.Body), &event); err != nil {
				return nil, err
			}
			numbers = append(numbers, event.Detail.Number)
			if _, err := h.sqs.DeleteMessage(ctx, &sqs.DeleteMessageInput{QueueUrl: &url, ReceiptHandle: m.ReceiptHandle}); err != nil {
				return nil, err
			}
		}
	}
}

func (h *house) later(undo func() error) { h.undo = append(h.undo, undo) }

func (h *house) check(is bool, what string) error {
	if !is {
		return fmt.Errorf("not so: %s", what)
	}
	fmt.Fprintln(h.out, "ok  ", what)
	return nil
}
