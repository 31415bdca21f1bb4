package gocloud

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"reflect"
	"sync"
	"testing"
	"unsafe"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	snstypes "github.com/aws/aws-sdk-go-v2/service/sns/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/aws/smithy-go"
	"gocloud.dev/pubsub"
	"gocloud.dev/pubsub/awssnssqs"
	"gocloud.dev/pubsub/driver"
	"gocloud.dev/pubsub/drivertest"
)

// A way is how messages get to the queue that is received from.
type way string

const (
	throughTopic    way = "SNS"
	throughTopicRaw way = "SNSRaw"
	straight        way = "SQS"
)

// TestGoCloudsOwnConformance is Go Cloud's suite for the makers of drivers,
// whole, over its SNS and SQS drivers.
func TestGoCloudsOwnConformance(t *testing.T) {
	endpointOrSkip(t)
	for _, w := range []way{throughTopic, throughTopicRaw, straight} {
		t.Run(string(w), func(t *testing.T) {
			t.Parallel()
			maker := func(context.Context, *testing.T) (drivertest.Harness, error) { return newHarness(w), nil }
			drivertest.RunConformanceTests(t, maker, []drivertest.AsTest{native{w}})
		})
	}
}

// harness makes topics and subscriptions for the suite.
type harness struct {
	way    way
	topics *sns.Client
	queues *sqs.Client

	guard  sync.Mutex
	places map[driver.Topic]string // the ARN or the queue URL of each topic that was made
	opened []func(context.Context) error
}

func newHarness(w way) *harness {
	config := configuration()
	return &harness{way: w, topics: sns.NewFromConfig(config), queues: sqs.NewFromConfig(config), places: map[driver.Topic]string{}}
}

func (h *harness) Close() {
	for _, shutdown := range h.opened {
		_ = shutdown(context.Background())
	}
}

// MaxBatchSizes are what SendMessageBatch, PublishBatch, DeleteMessageBatch and
// ChangeMessageVisibilityBatch take.
func (h *harness) MaxBatchSizes() (send, ack int) { return 10, 10 }

// SupportsMultipleSubscriptions: who receives from a queue takes from the others.
func (h *harness) SupportsMultipleSubscriptions() bool { return h.way != straight }

func (h *harness) CreateTopic(ctx context.Context, _ string) (driver.Topic, func(), error) {
	if h.way == straight {
		url, _, err := h.queue(ctx)
		if err != nil {
			return nil, nil, err
		}
		return h.openTopic(ctx, url), func() { _, _ = h.queues.DeleteQueue(ctx, &sqs.DeleteQueueInput{QueueUrl: &url}) }, nil
	}
	made, err := h.topics.CreateTopic(ctx, &sns.CreateTopicInput{Name: aws.String(unique())})
	if err != nil {
		return nil, nil, err
	}
	arn := *made.TopicArn
	return h.openTopic(ctx, arn), func() { _, _ = h.topics.DeleteTopic(ctx, &sns.DeleteTopicInput{TopicArn: &arn}) }, nil
}

func (h *harness) MakeNonexistentTopic(ctx context.Context) (driver.Topic, error) {
	if h.way == straight {
		return h.openTopic(ctx, "https://sqs.us-east-1.amazonaws.com/123456789012/there-is-none"), nil
	}
	return h.openTopic(ctx, "arn:aws:sns:us-east-1:"+os.Getenv("CARILLON_ACCOUNT")+":there-is-none"), nil
}

func (h *harness) CreateSubscription(ctx context.Context, dt driver.Topic, _ string) (driver.Subscription, func(), error) {
	h.guard.Lock()
	place := h.places[dt]
	h.guard.Unlock()
	if h.way == straight {
		return h.openSubscription(ctx, place), func() {}, nil
	}
	url, arn, err := h.queue(ctx)
	if err != nil {
		return nil, nil, err
	}
	in := &sns.SubscribeInput{TopicArn: &place, Protocol: aws.String("sqs"), Endpoint: &arn}
	if h.way == throughTopicRaw {
		in.Attributes = map[string]string{"RawMessageDelivery": "true"}
	}
	made, err := h.topics.Subscribe(ctx, in)
	if err != nil {
		return nil, nil, err
	}
	return h.openSubscription(ctx, url), func() {
		_, _ = h.topics.Unsubscribe(ctx, &sns.UnsubscribeInput{SubscriptionArn: made.SubscriptionArn})
		_, _ = h.queues.DeleteQueue(ctx, &sqs.DeleteQueueInput{QueueUrl: &url})
	}, nil
}

func (h *harness) MakeNonexistentSubscription(ctx context.Context) (driver.Subscription, func(), error) {
	return h.openSubscription(ctx, "https://sqs.us-east-1.amazonaws.com/123456789012/there-is-none"), func() {}, nil
}

func (h *harness) queue(ctx context.Context) (url, arn string, err error) {
	made, err := h.queues.CreateQueue(ctx, &sqs.CreateQueueInput{QueueName: aws.String(unique())})
	if err != nil {
		return "", "", err
	}
	got, err := h.queues.GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{QueueUrl: made.QueueUrl, AttributeNames: []sqstypes.QueueAttributeName{"QueueArn"}})
	if err != nil {
		return "", "", err
	}
	return *made.QueueUrl, got.Attributes["QueueArn"], nil
}

func (h *harness) openTopic(ctx context.Context, place string) driver.Topic {
	topic := awssnssqs.OpenSNSTopic(ctx, h.topics, place, nil)
	if h.way == straight {
		topic = awssnssqs.OpenSQSTopic(ctx, h.queues, place, nil)
	}
	dt := driverOf[driver.Topic](topic)
	h.guard.Lock()
	defer h.guard.Unlock()
	h.places[dt] = place
	h.opened = append(h.opened, topic.Shutdown)
	return dt
}

func (h *harness) openSubscription(ctx context.Context, url string) driver.Subscription {
	subscription := awssnssqs.OpenSubscription(ctx, h.queues, url, nil)
	h.guard.Lock()
	defer h.guard.Unlock()
	h.opened = append(h.opened, subscription.Shutdown)
	return driverOf[driver.Subscription](subscription)
}

// driverOf is the driver below one of Go Cloud's types. The suite wants it, and
// the package gives it to nobody but its own tests.
func driverOf[D any](portable any) D {
	field := reflect.ValueOf(portable).Elem().FieldByName("driver")
	return reflect.NewAt(field.Type(), unsafe.Pointer(field.UnsafeAddr())).Elem().Interface().(D)
}

func unique() string {
	b := make([]byte, 8)
	_, _ = rand.Read(b)
	return "drivertest-" + hex.EncodeToString(b)
}

// native checks that the SDK's own types, and AWS's error codes in them, come
// through.
type native struct{ way way }

func (native) Name() string { return "the SDK's types" }

// is says whether as gives a T.
func is[T any](as func(any) bool) error {
	var want T
	if !as(&want) {
		return fmt.Errorf("not a %T", want)
	}
	return nil
}

func (n native) TopicCheck(t *pubsub.Topic) error {
	if n.way == straight {
		return is[*sqs.Client](t.As)
	}
	return is[*sns.Client](t.As)
}

func (native) SubscriptionCheck(s *pubsub.Subscription) error { return is[*sqs.Client](s.As) }

func (native) MessageCheck(m *pubsub.Message) error { return is[sqstypes.Message](m.As) }

func (n native) BeforeSend(as func(any) bool) error {
	if n.way == straight {
		return is[*sqstypes.SendMessageBatchRequestEntry](as)
	}
	return errors.Join(is[*sns.PublishInput](as), is[*snstypes.PublishBatchRequestEntry](as))
}

func (n native) AfterSend(as func(any) bool) error {
	if n.way == straight {
		return is[sqstypes.SendMessageBatchResultEntry](as)
	}
	return errors.Join(is[*sns.PublishOutput](as), is[snstypes.PublishBatchResultEntry](as))
}

func (n native) TopicErrorCheck(t *pubsub.Topic, err error) error {
	if n.way == straight {
		return code(t.ErrorAs, err, "AWS.SimpleQueueService.NonExistentQueue")
	}
	return code(t.ErrorAs, err, "NotFound")
}

func (native) SubscriptionErrorCheck(s *pubsub.Subscription, err error) error {
	return code(s.ErrorAs, err, "AWS.SimpleQueueService.NonExistentQueue")
}

func code(as func(error, any) bool, err error, want string) error {
	var e smithy.APIError
	if !as(err, &e) || e.ErrorCode() != want {
		return fmt.Errorf("got %v, want %s", err, want)
	}
	return nil
}
