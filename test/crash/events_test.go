package crash

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	eb "github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

// fanOut is a rule with two queues. Nothing is received before the end, so
// what lies in the queues is what the bus put there.
type fanOut struct {
	client *sqs.Client
	events *eventbridge.Client
	urls   [2]string

	mu    sync.Mutex
	seq   int
	acked map[string]bool // by the detail's id; false: sent, and no answer came
}

// maxEvents keeps the drain short.
const maxEvents = 20_000

func newFanOut(c *child, t *testing.T) *fanOut {
	t.Helper()
	f := &fanOut{client: c.sqs(), events: c.events(), acked: map[string]bool{}}
	bus, rule := aws.String("crash"), aws.String("both")
	if _, err := f.events.CreateEventBus(t.Context(), &eventbridge.CreateEventBusInput{Name: bus}); err != nil {
		t.Fatal(err)
	}
	pattern := aws.String(`{"source":["crash"]}`)
	if _, err := f.events.PutRule(t.Context(), &eventbridge.PutRuleInput{EventBusName: bus, Name: rule, EventPattern: pattern}); err != nil {
		t.Fatal(err)
	}
	in := &eventbridge.PutTargetsInput{EventBusName: bus, Rule: rule}
	for i, name := range []string{"left", "right"} {
		f.urls[i] = c.createQueue(t, name, nil)
		arn := fmt.Sprintf("arn:aws:sqs:eu-central-1:000000000000:%s", name)
		in.Targets = append(in.Targets, eb.Target{Id: aws.String(name), Arn: &arn})
	}
	out, err := f.events.PutTargets(t.Context(), in)
	if err != nil || out.FailedEntryCount > 0 {
		t.Fatal("put targets:", err, out)
	}
	return f
}

func (f *fanOut) load(ctx context.Context, _ *testing.T, wg *sync.WaitGroup) {
	wg.Go(func() {
		for pause(ctx, 5*time.Millisecond) {
			if err := f.put(); err != nil {
				pause(ctx, 20*time.Millisecond)
			}
		}
	})
}

// padding makes every other event so large that its queues share its body.
func padding(seq int) string { return strings.Repeat("x", seq%2*1000) }

func (f *fanOut) put() error {
	f.mu.Lock()
	in := &eventbridge.PutEventsInput{}
	var ids []string
	for range 3 {
		if f.seq == maxEvents {
			break
		}
		f.seq++
		id := fmt.Sprint(f.seq)
		f.acked[id] = false
		ids = append(ids, id)
		in.Entries = append(in.Entries, eb.PutEventsRequestEntry{
			EventBusName: aws.String("crash"), Source: aws.String("crash"), DetailType: aws.String("tick"), Detail: aws.String(fmt.Sprintf(`{"id":%q,"pad":%q}`, id, padding(f.seq))),
		})
	}
	f.mu.Unlock()
	if len(ids) == 0 {
		return nil
	}
	out, err := f.events.PutEvents(context.Background(), in)
	if err != nil {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	for i, entry := range out.Entries {
		if entry.EventId != nil {
			f.acked[ids[i]] = true
		}
	}
	return nil
}

func (f *fanOut) drain(ctx context.Context, t *testing.T) {
	var found [2]map[string]map[string]bool // message ids by event
	for i, url := range f.urls {
		found[i] = map[string]map[string]bool{}
		if !drained(ctx, t, f.client, url, func() (int, error) { return f.receive(url, found[i]) }) {
			t.Errorf("target %d does not get empty", i)
			return
		}
	}
	sent := 0
	for id, acked := range f.acked {
		left, right := len(found[0][id]), len(found[1][id])
		if acked {
			sent++
		}
		if acked && (left != 1 || right != 1) {
			t.Errorf("event %s was acknowledged and is %d and %d times in its queues", id, left, right)
		}
		if !acked && (left != right || left > 1) {
			t.Errorf("event %s was not acknowledged and is %d and %d times in its queues", id, left, right)
		}
	}
	for i := range found {
		for id := range found[i] {
			if _, ok := f.acked[id]; !ok {
				t.Errorf("event %q came, and nobody sent it", id)
			}
		}
	}
	t.Logf("events: %d of %d acknowledged", sent, len(f.acked))
	if sent == 0 {
		t.Error("events: nothing was acknowledged")
	}
}

func (f *fanOut) receive(url string, found map[string]map[string]bool) (int, error) {
	out, err := f.client.ReceiveMessage(context.Background(), &sqs.ReceiveMessageInput{QueueUrl: &url, MaxNumberOfMessages: 10, VisibilityTimeout: 60})
	if err != nil || len(out.Messages) == 0 {
		return 0, err
	}
	batch := &sqs.DeleteMessageBatchInput{QueueUrl: &url}
	for i, m := range out.Messages {
		var event struct{ Detail struct{ ID string } }
		if err := json.Unmarshal([]byte(*m.Body), &event); err != nil {
			return 0, fmt.Errorf("%q: %w", *m.Body, err)
		}
		id := event.Detail.ID
		if found[id] == nil {
			found[id] = map[string]bool{}
		}
		found[id][*m.MessageId] = true
		batch.Entries = append(batch.Entries, types.DeleteMessageBatchRequestEntry{Id: aws.String(fmt.Sprint(i)), ReceiptHandle: m.ReceiptHandle})
	}
	_, err = f.client.DeleteMessageBatch(context.Background(), batch)
	return len(out.Messages), err
}
