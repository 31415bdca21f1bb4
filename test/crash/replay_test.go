package crash

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	eb "github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

// replays are those of one archive, one after another, while Carillon is killed.
// Each must bring every event into the queue once.
type replays struct {
	events  *eventbridge.Client
	client  *sqs.Client
	url     string
	archive string
	started []string // names
	ended   map[string]bool
}

const (
	archived   = 2_000 // events
	maxReplays = 6
)

func newReplays(c *child, t *testing.T) *replays {
	t.Helper()
	r := &replays{events: c.events(), client: c.sqs(), ended: map[string]bool{}}
	bus, ctx := aws.String("replayed"), t.Context()
	made, err := r.events.CreateEventBus(ctx, &eventbridge.CreateEventBusInput{Name: bus})
	if err != nil {
		t.Fatal(err)
	}
	archive, err := r.events.CreateArchive(ctx, &eventbridge.CreateArchiveInput{ArchiveName: aws.String("all"), EventSourceArn: made.EventBusArn})
	if err != nil {
		t.Fatal(err)
	}
	r.archive = *archive.ArchiveArn
	for at := 0; at < archived; at += 10 {
		in := &eventbridge.PutEventsInput{}
		for i := range 10 {
			in.Entries = append(in.Entries, eb.PutEventsRequestEntry{
				EventBusName: bus, Source: aws.String("crash"), DetailType: aws.String("old"), Detail: aws.String(fmt.Sprintf(`{"id":"%d"}`, at+i)),
			})
		}
		if out, err := r.events.PutEvents(ctx, in); err != nil || out.FailedEntryCount > 0 {
			t.Fatal("put events:", err, out)
		}
	}
	r.url = c.createQueue(t, "replays", nil)
	pattern := aws.String(`{"replay-name":[{"exists":true}]}`)
	if _, err := r.events.PutRule(ctx, &eventbridge.PutRuleInput{EventBusName: bus, Name: aws.String("again"), EventPattern: pattern}); err != nil {
		t.Fatal(err)
	}
	out, err := r.events.PutTargets(ctx, &eventbridge.PutTargetsInput{EventBusName: bus, Rule: aws.String("again"), Targets: []eb.Target{
		{Id: aws.String("replays"), Arn: aws.String("arn:aws:sqs:eu-central-1:000000000000:replays")},
	}})
	if err != nil || out.FailedEntryCount > 0 {
		t.Fatal("put targets:", err, out)
	}
	return r
}

// load starts a replay, waits for its end over all restarts, and starts the next.
func (r *replays) load(ctx context.Context, t *testing.T, wg *sync.WaitGroup) {
	wg.Go(func() {
		for n := 0; n < maxReplays && pause(ctx, time.Duration(rand.IntN(500))*time.Millisecond); n++ {
			name := fmt.Sprint("replay-", n)
			r.started = append(r.started, name)
			r.start(ctx, t, name)
			r.await(ctx, t, name)
		}
	})
}

func (r *replays) start(ctx context.Context, t *testing.T, name string) {
	in := &eventbridge.StartReplayInput{
		ReplayName: &name, EventSourceArn: &r.archive,
		EventStartTime: aws.Time(time.Now().Add(-24 * time.Hour)), EventEndTime: aws.Time(time.Now().Add(time.Minute)),
		Destination: &eb.ReplayDestination{Arn: aws.String("arn:aws:events:eu-central-1:000000000000:event-bus/replayed")},
	}
	for {
		_, err := r.events.StartReplay(context.Background(), in)
		var exists *eb.ResourceAlreadyExistsException
		if err == nil || errors.As(err, &exists) { // a try that nobody answered
			return
		}
		var refused interface{ ErrorCode() string }
		if errors.As(err, &refused) && refused.ErrorCode() == "ValidationException" {
			t.Errorf("start %s: %v", name, err)
			return
		}
		if !pause(ctx, 50*time.Millisecond) {
			return
		}
	}
}

// await waits until a replay has ended. It is right for it to be late.
func (r *replays) await(ctx context.Context, t *testing.T, name string) {
	for {
		out, err := r.events.DescribeReplay(context.Background(), &eventbridge.DescribeReplayInput{ReplayName: &name})
		switch {
		case err != nil:
		case out.State == eb.ReplayStateCompleted:
			r.ended[name] = true
			return
		case out.State == eb.ReplayStateFailed || out.State == eb.ReplayStateCancelled:
			t.Errorf("%s is %s: %s", name, out.State, aws.ToString(out.StateReason))
			return
		}
		if !pause(ctx, 50*time.Millisecond) {
			return
		}
	}
}

func (r *replays) drain(ctx context.Context, t *testing.T) {
	for _, name := range r.started {
		if !r.ended[name] {
			r.await(ctx, t, name)
		}
	}
	found := map[string]map[string]int{} // how often each event came by each replay
	if !drained(ctx, t, r.client, r.url, func() (int, error) { return r.receive(found) }) {
		t.Error("the queue of replays does not get empty")
		return
	}
	for name := range r.ended {
		if n := len(found[name]); n != archived {
			t.Errorf("%s brought %d of %d events", name, n, archived)
		}
		for id, times := range found[name] {
			if times != 1 {
				t.Errorf("%s brought event %s %d times", name, id, times)
			}
		}
	}
	t.Logf("replays: %d", len(r.ended))
	if len(r.ended) == 0 {
		t.Error("no replay has ended")
	}
}

func (r *replays) receive(found map[string]map[string]int) (int, error) {
	out, err := r.client.ReceiveMessage(context.Background(), &sqs.ReceiveMessageInput{QueueUrl: &r.url, MaxNumberOfMessages: 10, VisibilityTimeout: 120})
	if err != nil || len(out.Messages) == 0 {
		return 0, err
	}
	batch := &sqs.DeleteMessageBatchInput{QueueUrl: &r.url}
	for i, m := range out.Messages {
		var e struct {
			Replay string `json:"replay-name"`
			Detail struct{ ID string }
		}
		if err := json.Unmarshal([]byte(*m.Body), &e); err != nil {
			return 0, fmt.Errorf("%q: %w", *m.Body, err)
		}
		if found[e.Replay] == nil {
			found[e.Replay] = map[string]int{}
		}
		found[e.Replay][e.Detail.ID]++
		batch.Entries = append(batch.Entries, types.DeleteMessageBatchRequestEntry{Id: aws.String(fmt.Sprint(i)), ReceiptHandle: m.ReceiptHandle})
	}
	_, err = r.client.DeleteMessageBatch(context.Background(), batch)
	return len(out.Messages), err
}
