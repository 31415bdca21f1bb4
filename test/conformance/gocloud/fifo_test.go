package gocloud

import (
	"context"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"gocloud.dev/pubsub"
	"gocloud.dev/pubsub/awssnssqs"
)

// fifo makes a FIFO topic, or only a queue, and gives both ends.
func fifo(t *testing.T, w way, deduplicates string) (*pubsub.Topic, *pubsub.Subscription) {
	t.Helper()
	ctx, config := t.Context(), configuration()
	topics, queues := sns.NewFromConfig(config), sqs.NewFromConfig(config)
	made, err := queues.CreateQueue(ctx, &sqs.CreateQueueInput{QueueName: aws.String(unique() + ".fifo"), Attributes: map[string]string{
		"FifoQueue": "true", "ContentBasedDeduplication": deduplicates,
	}})
	if err != nil {
		t.Fatal(err)
	}
	to := awssnssqs.OpenSQSTopic(ctx, queues, *made.QueueUrl, nil)
	if w != straight {
		topic, err := topics.CreateTopic(ctx, &sns.CreateTopicInput{Name: aws.String(unique() + ".fifo"), Attributes: map[string]string{
			"FifoTopic": "true", "ContentBasedDeduplication": deduplicates,
		}})
		if err != nil {
			t.Fatal(err)
		}
		got, err := queues.GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{QueueUrl: made.QueueUrl, AttributeNames: []types.QueueAttributeName{"QueueArn"}})
		if err != nil {
			t.Fatal(err)
		}
		in := &sns.SubscribeInput{TopicArn: topic.TopicArn, Protocol: aws.String("sqs"), Endpoint: aws.String(got.Attributes["QueueArn"])}
		if w == throughTopicRaw {
			in.Attributes = map[string]string{"RawMessageDelivery": "true"}
		}
		if _, err := topics.Subscribe(ctx, in); err != nil {
			t.Fatal(err)
		}
		to = awssnssqs.OpenSNSTopic(ctx, topics, *topic.TopicArn, nil)
	}
	from := awssnssqs.OpenSubscription(ctx, queues, *made.QueueUrl, nil)
	shutDown(t, to, from)
	return to, from
}

func shutDown(t *testing.T, to *pubsub.Topic, from *pubsub.Subscription) {
	t.Cleanup(func() {
		if err := to.Shutdown(context.Background()); err != nil {
			t.Error(err)
		}
		if err := from.Shutdown(context.Background()); err != nil {
			t.Error(err)
		}
	})
}

func TestFIFOKeepsTheOrderOfAGroup(t *testing.T) {
	endpointOrSkip(t)
	for _, w := range []way{throughTopic, throughTopicRaw, straight} {
		t.Run(string(w), func(t *testing.T) {
			t.Parallel()
			to, from := fifo(t, w, "true")
			ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
			defer cancel()
			bodies := []string{"one", "two", "two", "three"}
			for _, body := range bodies {
				if err := to.Send(ctx, &pubsub.Message{Body: []byte(body), Metadata: map[string]string{awssnssqs.MetadataKeyMessageGroupID: "g"}}); err != nil {
					t.Fatal(err)
				}
			}
			for _, want := range []string{"one", "two", "three"} {
				m, err := from.Receive(ctx)
				if err != nil {
					t.Fatal(err)
				}
				if string(m.Body) != want {
					t.Errorf("got %q, want %q", m.Body, want)
				}
				m.Ack()
			}
		})
	}
}

func TestFIFORefusesAMessageWithoutGroupOrDeduplication(t *testing.T) {
	endpointOrSkip(t)
	for _, w := range []way{throughTopic, straight} {
		for missing, metadata := range map[string]map[string]string{
			awssnssqs.MetadataKeyMessageGroupID:  {awssnssqs.MetadataKeyDeduplicationID: "1"},
			awssnssqs.MetadataKeyDeduplicationID: {awssnssqs.MetadataKeyMessageGroupID: "1"},
		} {
			t.Run(string(w)+"/"+missing, func(t *testing.T) {
				t.Parallel()
				to, _ := fifo(t, w, "false")
				err := to.Send(t.Context(), &pubsub.Message{Body: []byte("x"), Metadata: metadata})
				if err == nil || !strings.Contains(err.Error(), missing[:len(missing)-2]) {
					t.Errorf("got %v, want a refusal that names %s", err, missing)
				}
			})
		}
	}
}

// Programs that know only a URL: awssns:///ARN and awssqs://HOST/ACCOUNT/QUEUE.
func TestGoCloudsURLsOpenTopicsAndQueues(t *testing.T) {
	endpoint := endpointOrSkip(t)
	t.Setenv("AWS_ACCESS_KEY_ID", os.Getenv("CARILLON_ACCOUNT"))
	t.Setenv("AWS_SECRET_ACCESS_KEY", "test")
	ctx, client, queueURL := queue(t, "30")
	_, arn := topic(t, ctx, client, false, queueURL)
	address, err := url.Parse(queueURL)
	if err != nil {
		t.Fatal(err)
	}
	where := "?awssdk=v2&region=us-east-1&endpoint=" + url.QueryEscape(endpoint)
	queueOf := "awssqs://" + address.Host + address.Path + where
	from, err := pubsub.OpenSubscription(ctx, queueOf+"&waittime=2s")
	if err != nil {
		t.Fatal(err)
	}
	for _, u := range []string{"awssns:///" + arn + where, queueOf} {
		to, err := pubsub.OpenTopic(ctx, u)
		if err != nil {
			t.Fatal(err)
		}
		if err := to.Send(ctx, &pubsub.Message{Body: []byte(u), Metadata: map[string]string{"k": "v"}}); err != nil {
			t.Fatal(err)
		}
		m, err := from.Receive(ctx)
		if err != nil {
			t.Fatal(err)
		}
		m.Ack()
		if string(m.Body) != u || m.Metadata["k"] != "v" {
			t.Errorf("got %q with %v, want %q", m.Body, m.Metadata, u)
		}
		if err := to.Shutdown(context.WithoutCancel(ctx)); err != nil {
			t.Error(err)
		}
	}
	if err := from.Shutdown(context.WithoutCancel(ctx)); err != nil {
		t.Error(err)
	}
}
