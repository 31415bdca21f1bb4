package gocloud

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"gocloud.dev/gcerrors"
	"gocloud.dev/pubsub"
	"gocloud.dev/pubsub/awssnssqs"
)

// topic makes a topic, and queues that subscribe to it, raw or not.
func topic(t *testing.T, ctx context.Context, client *sqs.Client, raw bool, urls ...string) (*sns.Client, string) {
	t.Helper()
	topics := sns.NewFromConfig(configuration())
	name := fmt.Sprintf("gocloud-%d", time.Now().UnixNano())
	made, err := topics.CreateTopic(ctx, &sns.CreateTopicInput{Name: &name})
	if err != nil {
		t.Fatal(err)
	}
	for _, url := range urls {
		got, err := client.GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{QueueUrl: &url, AttributeNames: []types.QueueAttributeName{types.QueueAttributeNameQueueArn}})
		if err != nil {
			t.Fatal(err)
		}
		_, err = topics.Subscribe(ctx, &sns.SubscribeInput{
			TopicArn: made.TopicArn, Protocol: aws.String("sqs"), Endpoint: aws.String(got.Attributes["QueueArn"]),
			Attributes: map[string]string{"RawMessageDelivery": fmt.Sprint(raw)},
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return topics, *made.TopicArn
}

func TestEveryMessageOfAnSNSTopicReachesEverySubscription(t *testing.T) {
	for _, raw := range []bool{false, true} {
		t.Run(fmt.Sprint("raw=", raw), func(t *testing.T) {
			t.Parallel()
			ctx, client, url := queue(t, "30")
			_, _, other := queue(t, "30")
			topics, arn := topic(t, ctx, client, raw, url, other)
			to := awssnssqs.OpenSNSTopic(ctx, topics, arn, &awssnssqs.TopicOptions{BodyBase64Encoding: awssnssqs.NonUTF8Only})
			defer func() { _ = to.Shutdown(context.WithoutCancel(ctx)) }()
			want := []string{"\x00\xff\xfe\x01"}
			for i := range 20 {
				want = append(want, fmt.Sprintf("Grüße 🎉 %02d", i))
			}
			for i, body := range want {
				if err := to.Send(ctx, &pubsub.Message{Body: []byte(body), Metadata: map[string]string{"number": fmt.Sprint(i), "päth/x": "a b"}}); err != nil {
					t.Fatal(err)
				}
			}
			slices.Sort(want)
			for _, url := range []string{url, other} {
				from := awssnssqs.OpenSubscription(ctx, client, url, &awssnssqs.SubscriptionOptions{Raw: raw, WaitTime: 2 * time.Second})
				var got []string
				for range want {
					m, err := from.Receive(ctx)
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
				if err := from.Shutdown(context.WithoutCancel(ctx)); err != nil {
					t.Error(err)
				}
			}
		})
	}
}

func TestAMissingSNSTopicIsNotFound(t *testing.T) {
	t.Parallel()
	ctx, client, _ := queue(t, "30")
	topics, arn := topic(t, ctx, client, true)
	to := awssnssqs.OpenSNSTopic(ctx, topics, arn+"-missing", nil)
	defer func() { _ = to.Shutdown(context.WithoutCancel(ctx)) }()
	if err := to.Send(ctx, &pubsub.Message{Body: []byte("x")}); gcerrors.Code(err) != gcerrors.NotFound {
		t.Errorf("got %v (%v), want NotFound", err, gcerrors.Code(err))
	}
}
