package crash

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

// history is a FIFO topic that archives, and one queue to which it replays what it
// has while more is published. What is published comes once as new, and in a
// replay at most once; in one that was completed, all that there was at first.
type history struct {
	topics *sns.Client
	client *sqs.Client
	arn    string
	sub    string
	url    string
	began  string

	mu    sync.Mutex
	seq   int
	acked map[string]bool
	done  int // replays that were seen completed
}

const (
	historyFirst = 300 // messages that are there before the first replay
	historyMost  = 1_000
	historyGroup = 7
)

func newHistory(c *child, t *testing.T) *history {
	t.Helper()
	h := &history{topics: sns.NewFromConfig(c.config()), client: c.sqs(), acked: map[string]bool{}, began: time.Now().Add(-time.Minute).UTC().Format(time.RFC3339)}
	made, err := h.topics.CreateTopic(t.Context(), &sns.CreateTopicInput{Name: aws.String("history.fifo"), Attributes: map[string]string{
		"FifoTopic": "true", "ContentBasedDeduplication": "true", "ArchivePolicy": `{"MessageRetentionPeriod":"1"}`,
	}})
	if err != nil {
		t.Fatal(err)
	}
	h.arn, h.url = *made.TopicArn, c.createQueue(t, "history.fifo", map[string]string{"FifoQueue": "true"})
	sub, err := h.topics.Subscribe(t.Context(), &sns.SubscribeInput{
		TopicArn: &h.arn, Protocol: aws.String("sqs"), Endpoint: aws.String("arn:aws:sqs:eu-central-1:000000000000:history.fifo"),
	})
	if err != nil {
		t.Fatal(err)
	}
	h.sub = *sub.SubscriptionArn
	for range historyFirst {
		if err := h.publish(); err != nil {
			t.Fatal(err)
		}
	}
	return h
}

func (h *history) publish() error {
	h.mu.Lock()
	if h.seq == historyMost {
		h.mu.Unlock()
		return nil
	}
	h.seq++
	text := strconv.Itoa(h.seq)
	group := strconv.Itoa(h.seq % historyGroup)
	h.acked[text] = false
	h.mu.Unlock()
	if _, err := h.topics.Publish(context.Background(), &sns.PublishInput{TopicArn: &h.arn, Message: &text, MessageGroupId: &group}); err != nil {
		return err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.acked[text] = true
	return nil
}

func (h *history) load(ctx context.Context, _ *testing.T, wg *sync.WaitGroup) {
	wg.Go(func() {
		for pause(ctx, 10*time.Millisecond) {
			if err := h.publish(); err != nil {
				pause(ctx, 20*time.Millisecond)
			}
		}
	})
	wg.Go(func() {
		for h.done < maxReplays && pause(ctx, 100*time.Millisecond) {
			if h.start() == nil && h.await(ctx) {
				h.done++
			}
		}
	})
}

// start begins a replay; one that is going on ends.
func (h *history) start() error {
	policy := fmt.Sprintf(`{"PointType":"Timestamp","StartingPoint":%q}`, h.began)
	_, err := h.topics.SetSubscriptionAttributes(context.Background(), &sns.SetSubscriptionAttributesInput{
		SubscriptionArn: &h.sub, AttributeName: aws.String("ReplayPolicy"), AttributeValue: &policy,
	})
	return err
}

func (h *history) await(ctx context.Context) bool {
	for {
		if h.completed() {
			return true
		}
		if !pause(ctx, 50*time.Millisecond) {
			return false
		}
	}
}

func (h *history) completed() bool {
	out, err := h.topics.GetSubscriptionAttributes(context.Background(), &sns.GetSubscriptionAttributesInput{SubscriptionArn: &h.sub})
	return err == nil && out.Attributes["ReplayStatus"] == "Completed"
}

func (h *history) drain(ctx context.Context, t *testing.T) {
	if err := h.start(); err != nil || !h.await(ctx) {
		t.Error("history: the last replay does not end:", err)
		return
	}
	found := map[string]map[string]int{} // how often each message came, by replay; "" for none
	if !drained(ctx, t, h.client, h.url, func() (int, error) { return h.receive(found) }) {
		t.Error("history: the queue does not get empty")
		return
	}
	for text, acked := range h.acked {
		if n := found[""][text]; n > 1 || acked && n != 1 {
			t.Errorf("history: message %s (acknowledged: %v) came %d times", text, acked, n)
		}
	}
	whole := 0
	for replay, messages := range found {
		first := 0
		for text, n := range messages {
			if n != 1 {
				t.Errorf("history: replay %q brought message %s %d times", replay, text, n)
			}
			if i, _ := strconv.Atoi(text); i <= historyFirst {
				first++
			}
		}
		if replay != "" && first == historyFirst {
			whole++
		}
	}
	t.Logf("history: %d replays, %d of them whole", len(found)-1, whole)
	if whole < h.done+1 {
		t.Errorf("history: %d replays were completed, and %d are whole", h.done+1, whole)
	}
}

func (h *history) receive(found map[string]map[string]int) (int, error) {
	out, err := h.client.ReceiveMessage(context.Background(), &sqs.ReceiveMessageInput{
		QueueUrl: &h.url, MaxNumberOfMessages: 10, VisibilityTimeout: 120,
		MessageSystemAttributeNames: []types.MessageSystemAttributeName{types.MessageSystemAttributeNameMessageDeduplicationId},
	})
	if err != nil || len(out.Messages) == 0 {
		return 0, err
	}
	batch := &sqs.DeleteMessageBatchInput{QueueUrl: &h.url}
	for i, m := range out.Messages {
		var e struct {
			Message  string
			Replayed bool
		}
		if err := json.Unmarshal([]byte(*m.Body), &e); err != nil {
			return 0, fmt.Errorf("%q: %w", *m.Body, err)
		}
		_, replay, marked := strings.Cut(m.Attributes["MessageDeduplicationId"], "-replay-")
		if marked != e.Replayed {
			return 0, fmt.Errorf("%q has the deduplication id %q", *m.Body, m.Attributes["MessageDeduplicationId"])
		}
		if found[replay] == nil {
			found[replay] = map[string]int{}
		}
		found[replay][e.Message]++
		batch.Entries = append(batch.Entries, types.DeleteMessageBatchRequestEntry{Id: aws.String(fmt.Sprint(i)), ReceiptHandle: m.ReceiptHandle})
	}
	_, err = h.client.DeleteMessageBatch(context.Background(), batch)
	return len(out.Messages), err
}
