package demo

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	bus "github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	queue "github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/google/uuid"

	"github.com/carillon-events/carillon/internal/wholebody"
)

// clients are those of the AWS SDK, pointed at Carillon, of one account. They do
// not retry by themselves: the story has to know of every attempt.
type clients struct {
	events  *eventbridge.Client
	sqs     *sqs.Client
	sns     *sns.Client
	account string
}

const region = "us-east-1"

// answerWithin bounds one call.
const answerWithin = 30 * time.Second

// web is how everything is sent.
var web = wholebody.Client{Client: &http.Client{Timeout: answerWithin}}

// connect asks the server whose the key is.
func connect(ctx context.Context, endpoint, accessKey, secret, token string) (*clients, error) {
	config := aws.Config{
		Region: region, Credentials: credentials.NewStaticCredentialsProvider(accessKey, secret, token), BaseEndpoint: &endpoint,
		HTTPClient: web, Retryer: func() aws.Retryer { return aws.NopRetryer{} },
	}
	who, err := sts.NewFromConfig(config).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	if err != nil {
		return nil, fmt.Errorf("ask %s who we are: %w", endpoint, err)
	}
	return &clients{
		events: eventbridge.NewFromConfig(config), sqs: sqs.NewFromConfig(config), sns: sns.NewFromConfig(config),
		account: aws.ToString(who.Account),
	}, nil
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

// aQueue is a queue of the story.
type aQueue struct{ name, url, arn string }

// queue makes a queue that rules and topics of its account may send to.
func (s *story) queue(ctx context.Context, c *clients, name string, attributes map[string]string) (aQueue, error) {
	name, fifo := s.named(name), len(name) > 5 && name[len(name)-5:] == ".fifo"
	q := aQueue{name: name, arn: "arn:aws:sqs:" + region + ":" + c.account + ":" + name}
	all := map[string]string{"Policy": mayBeSentTo("sqs:SendMessage", q.arn, c.account)}
	if fifo {
		// An event has no deduplication id: its content, which holds its id, is one.
		all["FifoQueue"], all["ContentBasedDeduplication"] = "true", "true"
	}
	for k, v := range attributes {
		all[k] = v
	}
	created, err := c.sqs.CreateQueue(ctx, &sqs.CreateQueueInput{QueueName: &name, Attributes: all})
	if err != nil {
		return q, fmt.Errorf("create the queue %s: %w", name, err)
	}
	q.url = *created.QueueUrl
	s.later("delete the queue "+name, func(ctx context.Context) error {
		_, err := c.sqs.DeleteQueue(ctx, &sqs.DeleteQueueInput{QueueUrl: &q.url})
		return err
	})
	return q, nil
}

// mayBeSentTo is the policy of a queue or topic for rules and topics of an account.
func mayBeSentTo(action, arn, account string) string {
	return fmt.Sprintf(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow",`+
		`"Principal":{"Service":["events.amazonaws.com","sns.amazonaws.com"]},"Action":%q,"Resource":%q,`+
		`"Condition":{"StringEquals":{"aws:SourceAccount":%q}}}]}`, action, arn, account)
}

// bus makes an event bus and returns its name and its ARN.
func (s *story) bus(ctx context.Context, c *clients, name string, tags ...bus.Tag) (string, string, error) {
	name = s.named(name)
	created, err := c.events.CreateEventBus(ctx, &eventbridge.CreateEventBusInput{Name: &name, Tags: tags})
	if err != nil {
		return "", "", fmt.Errorf("create the bus %s: %w", name, err)
	}
	s.later("delete the bus "+name, func(ctx context.Context) error {
		_, err := c.events.DeleteEventBus(ctx, &eventbridge.DeleteEventBusInput{Name: &name})
		return err
	})
	return name, aws.ToString(created.EventBusArn), nil
}

// rule makes a rule with one target and returns its ARN.
func (s *story) rule(ctx context.Context, c *clients, busName, name, pattern string, target bus.Target) (string, error) {
	put, err := c.events.PutRule(ctx, &eventbridge.PutRuleInput{Name: &name, EventBusName: &busName, EventPattern: &pattern})
	if err != nil {
		return "", fmt.Errorf("put the rule %s: %w", name, err)
	}
	target.Id = aws.String("target")
	s.later("delete the rule "+name, func(ctx context.Context) error {
		_, targets := c.events.RemoveTargets(ctx, &eventbridge.RemoveTargetsInput{Rule: &name, EventBusName: &busName, Ids: []string{*target.Id}})
		_, rule := c.events.DeleteRule(ctx, &eventbridge.DeleteRuleInput{Name: &name, EventBusName: &busName})
		return errors.Join(targets, rule)
	})
	added, err := c.events.PutTargets(ctx, &eventbridge.PutTargetsInput{Rule: &name, EventBusName: &busName, Targets: []bus.Target{target}})
	if err != nil {
		return "", fmt.Errorf("put the target of the rule %s: %w", name, err)
	}
	if added.FailedEntryCount > 0 {
		return "", fmt.Errorf("put the target of the rule %s: %s", name, aws.ToString(added.FailedEntries[0].ErrorMessage))
	}
	return aws.ToString(put.RuleArn), nil
}

// waiting is how many messages a queue has, hidden and delayed ones among them.
func waiting(ctx context.Context, c *clients, q aQueue) (map[string]string, error) {
	out, err := c.sqs.GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{QueueUrl: &q.url, AttributeNames: []queue.QueueAttributeName{
		queue.QueueAttributeNameApproximateNumberOfMessages,
		queue.QueueAttributeNameApproximateNumberOfMessagesNotVisible,
		queue.QueueAttributeNameApproximateNumberOfMessagesDelayed,
	}})
	if err != nil {
		return nil, err
	}
	return out.Attributes, nil
}
