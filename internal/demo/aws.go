package demo

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	bus "github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	queue "github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/google/uuid"
)

// clients are those of the AWS SDK, pointed at Carillon. They do not retry by
// themselves: the ledger has to know of every attempt.
type clients struct {
	events *eventbridge.Client
	sqs    *sqs.Client
}

const region = "us-east-1"

// answerWithin bounds one call.
const answerWithin = 30 * time.Second

func connect(endpoint, accessKey, secret string, secure *tls.Config) *clients {
	key := credentials.NewStaticCredentialsProvider(accessKey, secret, "")
	client := &http.Client{Timeout: answerWithin}
	if secure != nil {
		transport := http.DefaultTransport.(*http.Transport).Clone()
		transport.TLSClientConfig = secure
		client.Transport = transport
	}
	web := wholeBodies{client}
	return &clients{
		events: eventbridge.New(eventbridge.Options{
			Region: region, Credentials: key, BaseEndpoint: &endpoint, HTTPClient: web, Retryer: aws.NopRetryer{},
		}),
		sqs: sqs.New(sqs.Options{
			Region: region, Credentials: key, BaseEndpoint: &endpoint, HTTPClient: web, Retryer: aws.NopRetryer{},
		}),
	}
}

// wholeBodies sends request bodies from memory that is there at once.
//
// smithy-go closes a request's body as soon as the answer's headers are there,
// while net/http may still look into it for surplus bytes; what it then sees
// makes it close the connection under a large answer. Clients with retries never
// notice; these have none.
type wholeBodies struct{ client *http.Client }

func (w wholeBodies) Do(r *http.Request) (*http.Response, error) {
	if r.Body != nil {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
	}
	return w.client.Do(r)
}

func randomSuffix() string { return uuid.NewString()[:8] }

// outcome is what a failed call says about the server.
type outcome int

const (
	refused outcome = iota // it answered that it would not
	unsent                 // it was not there: nothing reached it
	unknown                // the answer was lost: it may have done it
)

func outcomeOf(err error) outcome {
	var answer *awshttp.ResponseError
	if errors.As(err, &answer) && answer.HTTPStatusCode() >= 400 {
		return refused
	}
	var network *net.OpError
	if errors.As(err, &network) && network.Op == "dial" {
		return unsent
	}
	return unknown
}

// setup is what the demo creates.
type setup struct {
	bus    string
	built  bool // the bus is there
	queues []queueOf
}

type queueOf struct {
	Rule
	Name string
	url  string
}

// newSetup names everything with a suffix, where others may be around.
func newSetup(suffix string) *setup {
	s := &setup{bus: "github" + suffix}
	for _, r := range rules {
		name := r.Queue + suffix
		if r.FIFO {
			name += ".fifo"
		}
		s.queues = append(s.queues, queueOf{Rule: r, Name: name})
	}
	return s
}

func (s *setup) build(ctx context.Context, c *clients) error {
	if _, err := c.events.CreateEventBus(ctx, &eventbridge.CreateEventBusInput{Name: &s.bus}); err != nil {
		return fmt.Errorf("create the bus %s: %w", s.bus, err)
	}
	s.built = true
	for i := range s.queues {
		if err := s.queues[i].build(ctx, c, s.bus); err != nil {
			return fmt.Errorf("create the queue %s and its rule: %w", s.queues[i].Name, err)
		}
	}
	return nil
}

func (q *queueOf) build(ctx context.Context, c *clients, bus string) error {
	attributes := map[string]string{}
	if q.FIFO {
		// An event has no deduplication id: its content, which holds its id, is one.
		attributes["FifoQueue"], attributes["ContentBasedDeduplication"] = "true", "true"
	}
	created, err := c.sqs.CreateQueue(ctx, &sqs.CreateQueueInput{QueueName: &q.Name, Attributes: attributes})
	if err != nil {
		return err
	}
	q.url = *created.QueueUrl
	asked, err := c.sqs.GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{
		QueueUrl: &q.url, AttributeNames: []queue.QueueAttributeName{queue.QueueAttributeNameQueueArn},
	})
	if err != nil {
		return err
	}
	_, err = c.events.PutRule(ctx, &eventbridge.PutRuleInput{Name: &q.Rule.Name, EventBusName: &bus, EventPattern: &q.Pattern})
	if err != nil {
		return err
	}
	return q.target(ctx, c, bus, asked.Attributes["QueueArn"])
}

const targetID = "queue"

func (q *queueOf) target(ctx context.Context, c *clients, busName, arn string) error {
	t := bus.Target{Id: aws.String(targetID), Arn: &arn}
	if q.FIFO {
		t.SqsParameters = &bus.SqsParameters{MessageGroupId: aws.String("github")}
	}
	put, err := c.events.PutTargets(ctx, &eventbridge.PutTargetsInput{Rule: &q.Rule.Name, EventBusName: &busName, Targets: []bus.Target{t}})
	if err != nil {
		return err
	}
	if put.FailedEntryCount > 0 {
		return fmt.Errorf("target refused: %s", aws.ToString(put.FailedEntries[0].ErrorMessage))
	}
	return nil
}

// remove removes as much as was built.
func (s *setup) remove(ctx context.Context, c *clients) error {
	if !s.built {
		return nil
	}
	var errs []error
	for _, q := range s.queues {
		if q.url == "" {
			continue
		}
		_, targets := c.events.RemoveTargets(ctx, &eventbridge.RemoveTargetsInput{Rule: &q.Rule.Name, EventBusName: &s.bus, Ids: []string{targetID}})
		_, rule := c.events.DeleteRule(ctx, &eventbridge.DeleteRuleInput{Name: &q.Rule.Name, EventBusName: &s.bus})
		_, gone := c.sqs.DeleteQueue(ctx, &sqs.DeleteQueueInput{QueueUrl: &q.url})
		errs = append(errs, targets, rule, gone)
	}
	_, err := c.events.DeleteEventBus(ctx, &eventbridge.DeleteEventBusInput{Name: &s.bus})
	if err := errors.Join(append(errs, err)...); err != nil {
		return fmt.Errorf("remove what the demo created:\n%s", strings.TrimSpace(err.Error()))
	}
	return nil
}
