// Package gocloud drives Carillon through gocloud.dev/pubsub/awssnssqs: Go
// Cloud's own suite for drivers, whole, and what it does not ask. It is a module
// of its own, so that the product's go.mod does not carry Go Cloud.
package gocloud

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"gocloud.dev/gcerrors"
	"gocloud.dev/pubsub"
	"gocloud.dev/pubsub/awssnssqs"
)

func endpointOrSkip(t *testing.T) string {
	t.Helper()
	endpoint := os.Getenv("CARILLON_ENDPOINT")
	if endpoint == "" {
		t.Skip("CARILLON_ENDPOINT is not set: start this through test/conformance/run")
	}
	return endpoint
}

func configuration() aws.Config {
	return aws.Config{
		Region: "us-east-1", BaseEndpoint: aws.String(os.Getenv("CARILLON_ENDPOINT")),
		Credentials: credentials.NewStaticCredentialsProvider(os.Getenv("CARILLON_ACCOUNT"), "test", ""),
	}
}

// queue makes a queue and gives what Go Cloud needs to use it.
func queue(t *testing.T, visibility string) (context.Context, *sqs.Client, string) {
	endpointOrSkip(t)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	client := sqs.NewFromConfig(configuration())
	b := make([]byte, 6)
	_, _ = rand.Read(b)
	name := "gocloud-" + hex.EncodeToString(b)
	made, err := client.CreateQueue(ctx, &sqs.CreateQueueInput{QueueName: &name, Attributes: map[string]string{"VisibilityTimeout": visibility}})
	if err != nil {
		t.Fatal(err)
	}
	return ctx, client, *made.QueueUrl
}

func open(t *testing.T, ctx context.Context, client *sqs.Client, url string) (*pubsub.Topic, *pubsub.Subscription) {
	topic := awssnssqs.OpenSQSTopic(ctx, client, url, &awssnssqs.TopicOptions{BodyBase64Encoding: awssnssqs.NonUTF8Only})
	subscription := awssnssqs.OpenSubscription(ctx, client, url, &awssnssqs.SubscriptionOptions{Raw: true, WaitTime: 2 * time.Second})
	t.Cleanup(func() {
		ctx := context.WithoutCancel(ctx)
		if err := topic.Shutdown(ctx); err != nil {
			t.Error(err)
		}
		if err := subscription.Shutdown(ctx); err != nil {
			t.Error(err)
		}
	})
	return topic, subscription
}

func TestEveryMessageOfATopicReachesItsSubscription(t *testing.T) {
	t.Parallel()
	ctx, client, url := queue(t, "30")
	topic, subscription := open(t, ctx, client, url)
	var want, got []string
	for i := range 40 {
		body := fmt.Sprintf("Grüße 🎉 %02d", i)
		want = append(want, body)
		if err := topic.Send(ctx, &pubsub.Message{Body: []byte(body), Metadata: map[string]string{"number": fmt.Sprint(i), "päth/x": "a b"}}); err != nil {
			t.Fatal(err)
		}
	}
	for range want {
		m, err := subscription.Receive(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if m.Metadata["päth/x"] != "a b" {
			t.Errorf("metadata %v", m.Metadata)
		}
		got = append(got, string(m.Body))
		m.Ack()
	}
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestANackedMessageComesAgain(t *testing.T) {
	t.Parallel()
	ctx, client, url := queue(t, "600")
	topic, subscription := open(t, ctx, client, url)
	if err := topic.Send(ctx, &pubsub.Message{Body: []byte{0, 255, 254, 1}}); err != nil {
		t.Fatal(err)
	}
	first, err := subscription.Receive(ctx)
	if err != nil {
		t.Fatal(err)
	}
	first.Nack()
	again, err := subscription.Receive(ctx)
	if err != nil {
		t.Fatal(err)
	}
	again.Ack()
	if string(again.Body) != "\x00\xff\xfe\x01" || again.LoggableID != first.LoggableID {
		t.Errorf("got %q as %s, first it was %s", again.Body, again.LoggableID, first.LoggableID)
	}
}

func TestAMissingQueueIsNotFound(t *testing.T) {
	t.Parallel()
	ctx, client, url := queue(t, "30")
	topic, _ := open(t, ctx, client, url+"-missing")
	err := topic.Send(ctx, &pubsub.Message{Body: []byte("x")})
	if gcerrors.Code(err) != gcerrors.NotFound {
		t.Errorf("got %v (%v), want NotFound", err, gcerrors.Code(err))
	}
}
