package crash

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

// hideFor is the visibility timeout of all receives: what a killed consumer
// held comes back soon.
const hideFor = 2

// maxBacklog keeps producers from running away from consumers.
const maxBacklog = 3000

// queue is a standard queue and what the test knows about its messages.
type queue struct {
	name, url string
	client    *sqs.Client

	mu       sync.Mutex
	messages map[string]*message // by body, up to the padding
	waiting  int                 // sent and not deleted, about
	seq      int
}

// message is what was answered about one.
type message struct {
	sent          bool // acknowledged
	received      int
	deleteAsked   bool
	deleteAckedAt time.Time
}

func newQueue(c *child, t *testing.T, name string) *queue {
	return &queue{name: name, url: c.createQueue(t, name, nil), client: c.sqs(), messages: map[string]*message{}}
}

// load sends and receives until ctx ends.
func (q *queue) load(ctx context.Context, t *testing.T, wg *sync.WaitGroup) {
	for range 2 {
		wg.Go(func() {
			for pause(ctx, 2*time.Millisecond) {
				q.send(ctx)
			}
		})
	}
	wg.Go(func() {
		for pause(ctx, time.Millisecond) {
			// Some are kept, so that a crash finds messages in flight.
			if _, err := q.receive(ctx, t, 0.9); err != nil {
				pause(ctx, 20*time.Millisecond)
			}
		}
	})
}

// next are n new bodies, noted as sent without an answer yet.
func (q *queue) next(n int) []string {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.waiting > maxBacklog {
		return nil
	}
	ids := make([]string, n)
	for i := range ids {
		q.seq++
		ids[i] = fmt.Sprintf("%s-%d", q.name, q.seq)
		q.messages[ids[i]] = &message{}
	}
	q.waiting += n
	return ids
}

func (q *queue) acknowledge(id string) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.messages[id].sent = true
}

// unanswered says that n messages may be there or not, and that the child is
// probably dead just now.
func (q *queue) unanswered(ctx context.Context, n int) {
	q.mu.Lock()
	q.waiting -= n
	q.mu.Unlock()
	pause(ctx, 20*time.Millisecond)
}

// send sends one message, or a batch, without waiting for ctx: an answer that
// the test walks away from says nothing.
func (q *queue) send(ctx context.Context) {
	ids := q.next(1 + rand.IntN(2)*rand.IntN(10))
	if len(ids) == 0 {
		pause(ctx, 10*time.Millisecond)
		return
	}
	if len(ids) == 1 {
		_, err := q.client.SendMessage(context.Background(), &sqs.SendMessageInput{
			QueueUrl: &q.url, MessageBody: aws.String(pad(ids[0])), DelaySeconds: int32(rand.IntN(20) / 19),
		})
		if err != nil {
			q.unanswered(ctx, 1)
			return
		}
		q.acknowledge(ids[0])
		return
	}
	in := &sqs.SendMessageBatchInput{QueueUrl: &q.url}
	for _, id := range ids {
		in.Entries = append(in.Entries, types.SendMessageBatchRequestEntry{Id: aws.String(id), MessageBody: aws.String(pad(id))})
	}
	out, err := q.client.SendMessageBatch(context.Background(), in)
	if err != nil {
		q.unanswered(ctx, len(ids))
		return
	}
	for _, entry := range out.Successful {
		q.acknowledge(*entry.Id)
	}
}

// pad makes a body of up to 3 KB that begins with id.
func pad(id string) string { return id + " " + strings.Repeat("x", rand.IntN(3000)) }

func unpad(body string) string {
	id, _, _ := strings.Cut(body, " ")
	return id
}

// receive receives up to ten messages, checks them against the ledger, and
// deletes about the given part of them.
func (q *queue) receive(ctx context.Context, t *testing.T, part float64) (int, error) {
	asked := time.Now()
	out, err := q.client.ReceiveMessage(context.Background(), &sqs.ReceiveMessageInput{
		QueueUrl: &q.url, MaxNumberOfMessages: 10, VisibilityTimeout: hideFor, WaitTimeSeconds: 1,
	})
	if err != nil {
		return 0, err
	}
	batch := &sqs.DeleteMessageBatchInput{QueueUrl: &q.url}
	ids := map[string]string{}
	q.mu.Lock()
	for i, m := range out.Messages {
		id := unpad(*m.Body)
		known := q.messages[id]
		if known == nil {
			t.Errorf("%s: received %q, which nobody sent", q.name, id)
			continue
		}
		if !known.deleteAckedAt.IsZero() && known.deleteAckedAt.Before(asked) {
			t.Errorf("%s: %s came back after its deletion was acknowledged", q.name, id)
		}
		known.received++
		if rand.Float64() < part {
			known.deleteAsked = true
			entry := fmt.Sprint(i)
			ids[entry] = id
			batch.Entries = append(batch.Entries, types.DeleteMessageBatchRequestEntry{Id: aws.String(entry), ReceiptHandle: m.ReceiptHandle})
		}
	}
	q.mu.Unlock()
	if len(batch.Entries) == 0 {
		return len(out.Messages), nil
	}
	deleted, err := q.client.DeleteMessageBatch(context.Background(), batch)
	if err != nil {
		return len(out.Messages), err
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, entry := range deleted.Successful {
		if m := q.messages[ids[*entry.Id]]; m.deleteAckedAt.IsZero() {
			m.deleteAckedAt = time.Now()
			q.waiting--
		}
	}
	return len(out.Messages), nil
}

// drain deletes everything and then settles the account.
func (q *queue) drain(ctx context.Context, t *testing.T) {
	if !drained(ctx, t, q.client, q.url, func() (int, error) { return q.receive(ctx, t, 1) }) {
		t.Errorf("%s does not get empty", q.name)
		return
	}
	sent, lost := 0, 0
	for id, m := range q.messages {
		if m.sent {
			sent++
		}
		if m.sent && m.received == 0 {
			t.Errorf("%s was acknowledged and never came", id)
			lost++
		}
		if m.sent && m.deleteAckedAt.IsZero() && !m.deleteAsked {
			t.Errorf("%s was received %d times, never deleted, and is gone", id, m.received)
			lost++
		}
		if lost > 10 {
			break
		}
	}
	t.Logf("%s: %d of %d messages acknowledged", q.name, sent, len(q.messages))
	if sent == 0 {
		t.Errorf("%s: nothing was acknowledged", q.name)
	}
}

// drained receives until the queue says that it is empty.
func drained(ctx context.Context, t *testing.T, client *sqs.Client, url string, receive func() (int, error)) bool {
	names := []types.QueueAttributeName{"ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible", "ApproximateNumberOfMessagesDelayed"}
	for ctx.Err() == nil {
		n, err := receive()
		if err != nil {
			t.Error("drain:", err)
			return false
		}
		if n > 0 {
			continue
		}
		out, err := client.GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{QueueUrl: &url, AttributeNames: names})
		if err != nil {
			t.Error("drain:", err)
			return false
		}
		empty := true
		for _, count := range out.Attributes {
			empty = empty && count == "0"
		}
		if empty {
			return true
		}
	}
	return false
}
