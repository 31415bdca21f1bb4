package crash

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

// crowd is a topic with so many queues that a message goes out in steps, after
// Publish has answered. Each queue must get each message once.
type crowd struct {
	topics *sns.Client
	client *sqs.Client
	arn    string
	urls   []string

	mu    sync.Mutex
	seq   int
	acked map[string]bool
}

// 64 is what Carillon delivers in the commit of Publish.
const (
	crowdQueues   = 70
	crowdMessages = 200
)

func newCrowd(c *child, t *testing.T) *crowd {
	t.Helper()
	k := &crowd{topics: sns.NewFromConfig(c.config()), client: c.sqs(), acked: map[string]bool{}}
	made, err := k.topics.CreateTopic(t.Context(), &sns.CreateTopicInput{Name: aws.String("crowd")})
	if err != nil {
		t.Fatal(err)
	}
	k.arn = *made.TopicArn
	for i := range crowdQueues {
		name := fmt.Sprint("crowd-", i)
		k.urls = append(k.urls, c.createQueue(t, name, nil))
		in := &sns.SubscribeInput{TopicArn: &k.arn, Protocol: aws.String("sqs"), Endpoint: aws.String("arn:aws:sqs:eu-central-1:000000000000:" + name)}
		if i%2 == 0 {
			in.Attributes = map[string]string{"RawMessageDelivery": "true"}
		}
		if _, err := k.topics.Subscribe(t.Context(), in); err != nil {
			t.Fatal(err)
		}
	}
	return k
}

func (k *crowd) load(ctx context.Context, _ *testing.T, wg *sync.WaitGroup) {
	wg.Go(func() {
		for pause(ctx, 50*time.Millisecond) {
			if err := k.publish(); err != nil {
				pause(ctx, 20*time.Millisecond)
			}
		}
	})
}

func (k *crowd) publish() error {
	k.mu.Lock()
	if k.seq == crowdMessages {
		k.mu.Unlock()
		return nil
	}
	k.seq++
	id := fmt.Sprint(k.seq)
	k.acked[id] = false
	k.mu.Unlock()
	body := fmt.Sprintf(`{"id":%q,"pad":%q}`, id, padding(k.seq))
	if _, err := k.topics.Publish(context.Background(), &sns.PublishInput{TopicArn: &k.arn, Message: &body}); err != nil {
		return err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.acked[id] = true
	return nil
}

// drain empties the queues, and waits for what is still on its way into them.
func (k *crowd) drain(ctx context.Context, t *testing.T) {
	found := make([]map[string]int, len(k.urls))
	for i := range found {
		found[i] = map[string]int{}
	}
	for missing := true; missing && ctx.Err() == nil; {
		missing = false
		for i, url := range k.urls {
			if !drained(ctx, t, k.client, url, func() (int, error) { return k.receive(url, found[i]) }) {
				t.Errorf("%s does not get empty", url)
				return
			}
		}
		for id, acked := range k.acked {
			n := 0
			for i := range found {
				n += min(found[i][id], 1)
			}
			missing = missing || n < len(found) && (acked || n > 0)
		}
	}
	sent := 0
	for id, acked := range k.acked {
		if acked {
			sent++
		}
		first := found[0][id]
		for i := range found {
			if n := found[i][id]; n > 1 || acked && n != 1 || n != first {
				t.Errorf("message %s (acknowledged: %v) is %d times in queue %d, and %d times in queue 0", id, acked, n, i, first)
			}
		}
	}
	t.Logf("topic: %d of %d acknowledged, to %d queues each", sent, len(k.acked), len(k.urls))
	if sent == 0 {
		t.Error("topic: nothing was acknowledged")
	}
}

func (k *crowd) receive(url string, found map[string]int) (int, error) {
	out, err := k.client.ReceiveMessage(context.Background(), &sqs.ReceiveMessageInput{QueueUrl: &url, MaxNumberOfMessages: 10, VisibilityTimeout: 120})
	if err != nil || len(out.Messages) == 0 {
		return 0, err
	}
	batch := &sqs.DeleteMessageBatchInput{QueueUrl: &url}
	for i, m := range out.Messages {
		var message struct{ ID, Message string }
		if err := json.Unmarshal([]byte(*m.Body), &message); err != nil {
			return 0, fmt.Errorf("%q: %w", *m.Body, err)
		}
		if message.Message != "" { // the document around it
			if err := json.Unmarshal([]byte(message.Message), &message); err != nil {
				return 0, fmt.Errorf("%q: %w", *m.Body, err)
			}
		}
		found[message.ID]++
		batch.Entries = append(batch.Entries, types.DeleteMessageBatchRequestEntry{Id: aws.String(fmt.Sprint(i)), ReceiptHandle: m.ReceiptHandle})
	}
	_, err = k.client.DeleteMessageBatch(context.Background(), batch)
	return len(out.Messages), err
}
