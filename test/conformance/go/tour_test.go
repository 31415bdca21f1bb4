package conformance

import (
	"context"
	"crypto/md5"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"

	"github.com/carillon-events/carillon/internal/wholebody"
)

const region = "us-east-1"

// scenarios have the names of ../README.md.
var scenarios = []struct {
	name string
	run  func(*tour)
}{
	{"identity", identity},
	{"session-role", sessionRole},
	{"session-user", sessionUser},
	{"session-errors", sessionErrors},
	{"queue-create", queueCreate},
	{"queue-attributes", queueAttributes},
	{"queue-list", queueList},
	{"queue-delete", queueDelete},
	{"queue-purge", queuePurge},
	{"queue-tags", queueTags},
	{"queue-permissions", queuePermissions},
	{"message-roundtrip", messageRoundtrip},
	{"message-attributes", messageAttributes},
	{"message-limits", messageLimits},
	{"message-batch", messageBatch},
	{"message-batch-errors", messageBatchErrors},
	{"message-delay", messageDelay},
	{"visibility", visibility},
	{"long-poll", longPoll},
	{"fair-groups", fairGroups},
	{"fifo-order", fifoOrder},
	{"fifo-dedup", fifoDedup},
	{"fifo-receipts", fifoReceipts},
	{"dead-letter", deadLetter},
	{"dead-letter-allow", deadLetterAllow},
	{"move-task", moveTask},
	{"move-task-cancel", moveTaskCancel},
	{"events-audit", eventsAudit},
	{"events-bus", eventsBus},
	{"events-rule", eventsRule},
	{"events-errors", eventsErrors},
	{"events-schedule", eventsSchedule},
	{"events-put", eventsPut},
	{"events-target", eventsTarget},
	{"events-tags", eventsTags},
	{"events-idempotency", eventsIdempotency},
	{"events-pattern", eventsPattern},
	{"events-permission", eventsPermission},
	{"events-bus-settings", eventsBusSettings},
	{"events-bus-to-bus", eventsBusToBus},
	{"events-partner", eventsPartner},
	{"events-archive", eventsArchive},
	{"events-connection", eventsConnection},
	{"events-api-destination", eventsAPIDestination},
	{"events-api-destination-call", eventsAPIDestinationCall},
	{"events-known-patterns", eventsKnownPatterns},
	{"events-endpoint", eventsEndpoint},
	{"events-cross-account", eventsCrossAccount},
	{"topic-create", topicCreate},
	{"topic-attributes", topicAttributes},
	{"topic-policy", topicPolicy},
	{"subscribe", subscribe},
	{"subscribe-pages", subscribePages},
	{"subscription-attributes", subscriptionAttributes},
	{"push-endpoints", pushEndpoints},
	{"text-messages", textMessages},
	{"publish", publish},
	{"publish-filter", publishFilter},
	{"publish-batch", publishBatch},
	{"publish-fifo", publishFIFO},
	{"iam-users", iamUsers},
	{"iam-policies", iamPolicies},
	{"topic-archive", topicArchive},
	{"topics-http-confirm", topicsHTTPConfirm},
}

func TestGoClientSeesWhatAWSAnswers(t *testing.T) {
	endpoint := endpointOf(t)
	account := os.Getenv("CARILLON_ACCOUNT")
	if account == "" {
		account = "111122223333"
	}
	for _, s := range scenarios {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			s.run(newTour(t, endpoint, account))
		})
	}
}

// tour is the clients of one scenario and the few verbs it is written in. Its
// verbs end the test where the server answers what they do not expect.
type tour struct {
	*testing.T
	ctx               context.Context
	endpoint, account string
	sqs               *sqs.Client
	events            *eventbridge.Client
	sns               *sns.Client
	sts               *sts.Client
	iam               *iam.Client
}

func newTour(t *testing.T, endpoint, account string) *tour {
	return newTourAs(t, endpoint, account, account, "test")
}

func newTourAs(t *testing.T, endpoint, account, key, secret string) *tour {
	return newTourWith(t, endpoint, account, key, secret, "")
}

func newTourWith(t *testing.T, endpoint, account, key, secret, token string) *tour {
	ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
	t.Cleanup(cancel)
	config := aws.Config{
		Region:       region,
		BaseEndpoint: aws.String(endpoint),
		Credentials:  credentials.NewStaticCredentialsProvider(key, secret, token),
		HTTPClient:   wholebody.Client{Client: http.DefaultClient},
		// No retries: a 500 must be seen, not papered over.
		Retryer: func() aws.Retryer { return aws.NopRetryer{} },
	}
	return &tour{
		T: t, ctx: ctx, endpoint: endpoint, account: account,
		sqs: sqs.NewFromConfig(config), events: eventbridge.NewFromConfig(config),
		sns: sns.NewFromConfig(config), sts: sts.NewFromConfig(config), iam: iam.NewFromConfig(config),
	}
}

// name is one that nothing else has.
func (t *tour) name(stem string) string {
	b := make([]byte, 6)
	_, _ = rand.Read(b)
	return stem + "-" + hex.EncodeToString(b)
}

// attrs are queue attributes.
type attrs = map[string]string

// queue makes a queue and gives its URL.
func (t *tour) queue(a attrs) *string {
	t.Helper()
	name := t.name("q")
	if a["FifoQueue"] == "true" {
		name += ".fifo"
	}
	return must(t.sqs.CreateQueue(t.ctx, &sqs.CreateQueueInput{QueueName: &name, Attributes: a}))(t).QueueUrl
}

// fifo makes a FIFO queue that deduplicates by content.
func (t *tour) fifo() *string {
	t.Helper()
	return t.queue(attrs{"FifoQueue": "true", "ContentBasedDeduplication": "true"})
}

func (t *tour) attributes(url *string, names ...types.QueueAttributeName) attrs {
	t.Helper()
	if names == nil {
		names = []types.QueueAttributeName{types.QueueAttributeNameAll}
	}
	return must(t.sqs.GetQueueAttributes(t.ctx, &sqs.GetQueueAttributesInput{QueueUrl: url, AttributeNames: names}))(t).Attributes
}

func (t *tour) arn(url *string) string {
	t.Helper()
	return t.attributes(url, types.QueueAttributeNameQueueArn)["QueueArn"]
}

// setAttributes changes attributes, or says why it may not.
func (t *tour) setAttributes(url *string, a attrs) error {
	_, err := t.sqs.SetQueueAttributes(t.ctx, &sqs.SetQueueAttributesInput{QueueUrl: url, Attributes: a})
	return err
}

func (t *tour) send(url *string, body string) *sqs.SendMessageOutput {
	t.Helper()
	return must(t.sqs.SendMessage(t.ctx, &sqs.SendMessageInput{QueueUrl: url, MessageBody: &body}))(t)
}

// refuseSend gives the error of a send.
func (t *tour) refuseSend(in sqs.SendMessageInput) error {
	_, err := t.sqs.SendMessage(t.ctx, &in)
	return err
}

// once is one ReceiveMessage of up to ten messages.
func (t *tour) once(in sqs.ReceiveMessageInput) []types.Message {
	t.Helper()
	if in.MaxNumberOfMessages == 0 {
		in.MaxNumberOfMessages = 10
	}
	return must(t.sqs.ReceiveMessage(t.ctx, &in))(t).Messages
}

// receive gives exactly count messages, long polling until they are there.
func (t *tour) receive(count int, in sqs.ReceiveMessageInput) []types.Message {
	t.Helper()
	const polls = 6
	var got []types.Message
	in.WaitTimeSeconds = 3
	limit := in.MaxNumberOfMessages
	for i := 0; len(got) < count && i < polls; i++ {
		in.MaxNumberOfMessages = min(10, int32(count-len(got)))
		if limit != 0 {
			in.MaxNumberOfMessages = min(limit, in.MaxNumberOfMessages)
		}
		got = append(got, t.once(in)...)
	}
	if len(got) != count {
		t.Fatalf("received %d messages, want %d", len(got), count)
	}
	return got
}

// one receives one message.
func (t *tour) one(url *string) types.Message {
	t.Helper()
	return t.receive(1, sqs.ReceiveMessageInput{QueueUrl: url})[0]
}

func (t *tour) delete(url *string, messages ...types.Message) {
	t.Helper()
	for _, m := range messages {
		must(t.sqs.DeleteMessage(t.ctx, &sqs.DeleteMessageInput{QueueUrl: url, ReceiptHandle: m.ReceiptHandle}))(t)
	}
}

// hide changes a message's visibility timeout, or says why it may not.
func (t *tour) hide(url, handle *string, seconds int32) error {
	_, err := t.sqs.ChangeMessageVisibility(t.ctx, &sqs.ChangeMessageVisibilityInput{
		QueueUrl: url, ReceiptHandle: handle, VisibilityTimeout: seconds,
	})
	return err
}

// counts are visible, in flight and delayed messages.
func (t *tour) counts(url *string) [3]int {
	t.Helper()
	a := t.attributes(url)
	var n [3]int
	for i, suffix := range []string{"", "NotVisible", "Delayed"} {
		v, err := strconv.Atoi(a["ApproximateNumberOfMessages"+suffix])
		if err != nil {
			t.Fatal(err)
		}
		n[i] = v
	}
	return n
}

// must ends the test on an error: must(client.Op(...))(t).
func must[T any](out T, err error) func(*tour) T {
	return func(t *tour) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
}

func equal[T comparable](t *tour, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Fatalf("%s: got %.300v, want %.300v", what, got, want)
	}
}

func same(t *tour, what string, got, want []string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Fatalf("%s: got %q, want %q", what, got, want)
	}
}

func sorted(s []string) []string {
	s = slices.Clone(s)
	slices.Sort(s)
	return s
}

func bodies(messages []types.Message) []string {
	s := make([]string, len(messages))
	for i, m := range messages {
		s[i] = aws.ToString(m.Body)
	}
	return s
}

// refused wants an error with one of AWS's codes.
func refused(t *tour, what string, err error, codes ...string) {
	t.Helper()
	var api smithy.APIError
	if !errors.As(err, &api) {
		t.Fatalf("%s: got %v, want %s", what, err, strings.Join(codes, " or "))
	}
	if !slices.Contains(codes, api.ErrorCode()) {
		t.Fatalf("%s: got %s (%s), want %s", what, api.ErrorCode(), api.ErrorMessage(), strings.Join(codes, " or "))
	}
}

// hasError wants an error of the SDK's own type, which is how Go programs tell them apart.
func hasError[E error](t *tour, what string, err error) {
	t.Helper()
	var want E
	if !errors.As(err, &want) {
		t.Fatalf("%s: got %v, want a %T", what, err, want)
	}
}

func digest(body string) string {
	sum := md5.Sum([]byte(body))
	return hex.EncodeToString(sum[:])
}

// until polls with a bound; each probe is a request, which takes its time.
func until[T any](t *tour, what string, probe func() (T, bool)) T {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); {
		if v, ok := probe(); ok {
			return v
		}
	}
	t.Fatalf("still not: %s", what)
	panic("unreachable")
}
