package crash

import (
	"context"
	"fmt"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

const fifoGroups = 6

// fifo is a FIFO queue. Each group has one producer, which numbers its
// messages and repeats a send, with the same deduplication id, until it is
// acknowledged: so numbers must come without gap, in order, and each once.
type fifo struct {
	url    string
	client *sqs.Client
	groups [fifoGroups]group
}

type group struct {
	mu          sync.Mutex
	acked       int               // sends acknowledged: 1 … acked
	asked       int               // deletes asked for: 1 … asked
	deleted     map[int]time.Time // deletes acknowledged
	ids         map[int]string    // message id of each number
	highestSeen int
}

func newFIFO(c *child, t *testing.T) *fifo {
	q := &fifo{client: c.sqs(), url: c.createQueue(t, "orders.fifo", map[string]string{"FifoQueue": "true"})}
	for i := range q.groups {
		q.groups[i].deleted, q.groups[i].ids = map[int]time.Time{}, map[int]string{}
	}
	return q
}

func (q *fifo) load(ctx context.Context, t *testing.T, wg *sync.WaitGroup) {
	for g := range q.groups {
		wg.Go(func() {
			for pause(ctx, 4*time.Millisecond) {
				q.send(ctx, g)
			}
		})
	}
	wg.Go(func() {
		for pause(ctx, time.Millisecond) {
			if _, err := q.receive(ctx, t); err != nil {
				pause(ctx, 20*time.Millisecond)
			}
		}
	})
}

// send sends group g's next message, the same one again until it is
// acknowledged.
func (q *fifo) send(ctx context.Context, g int) {
	r := &q.groups[g]
	r.mu.Lock()
	n, behind := r.acked+1, r.acked-r.asked > 200
	r.mu.Unlock()
	if behind {
		pause(ctx, 20*time.Millisecond)
		return
	}
	_, err := q.client.SendMessage(context.Background(), &sqs.SendMessageInput{
		QueueUrl: &q.url, MessageBody: aws.String(strconv.Itoa(n)),
		MessageGroupId: aws.String(strconv.Itoa(g)), MessageDeduplicationId: aws.String(fmt.Sprintf("%d-%d", g, n)),
	})
	if err != nil {
		pause(ctx, 20*time.Millisecond)
		return
	}
	r.mu.Lock()
	r.acked = n
	r.mu.Unlock()
}

func (q *fifo) receive(_ context.Context, t *testing.T) (int, error) {
	asked := time.Now()
	out, err := q.client.ReceiveMessage(context.Background(), &sqs.ReceiveMessageInput{
		QueueUrl: &q.url, MaxNumberOfMessages: 10, VisibilityTimeout: hideFor, WaitTimeSeconds: 1,
		MessageSystemAttributeNames: []types.MessageSystemAttributeName{"MessageGroupId"},
	})
	if err != nil {
		return 0, err
	}
	batch := &sqs.DeleteMessageBatchInput{QueueUrl: &q.url}
	last := map[int]int{}
	for i, m := range out.Messages {
		g, n, err := parse(m)
		if err != nil {
			t.Error(err)
			return len(out.Messages), err
		}
		q.groups[g].check(t, g, n, last[g], *m.MessageId, asked)
		last[g] = n
		batch.Entries = append(batch.Entries, types.DeleteMessageBatchRequestEntry{Id: aws.String(fmt.Sprint(i)), ReceiptHandle: m.ReceiptHandle})
	}
	if len(batch.Entries) == 0 {
		return 0, nil
	}
	for g, n := range last {
		q.groups[g].ask(n)
	}
	deleted, err := q.client.DeleteMessageBatch(context.Background(), batch)
	if err != nil {
		return len(out.Messages), err
	}
	for _, entry := range deleted.Successful {
		i, _ := strconv.Atoi(*entry.Id)
		if g, n, err := parse(out.Messages[i]); err == nil {
			q.groups[g].delete(n)
		}
	}
	return len(out.Messages), nil
}

func parse(m types.Message) (g, n int, err error) {
	g, err = strconv.Atoi(m.Attributes["MessageGroupId"])
	n, err2 := strconv.Atoi(*m.Body)
	if err != nil || err2 != nil || g < 0 || g >= fifoGroups {
		return 0, 0, fmt.Errorf("fifo: received %q of group %q, which nobody sent", *m.Body, m.Attributes["MessageGroupId"])
	}
	return g, n, nil
}

// check is called for number n of group g, received behind number last of the
// same answer, 0 for the first.
func (r *group) check(t *testing.T, g, n, last int, id string, asked time.Time) {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case n <= last:
		t.Errorf("fifo: group %d: %d behind %d in one answer", g, n, last)
	case n > max(last, r.asked)+1:
		t.Errorf("fifo: group %d: %d came while %d was not deleted", g, n, max(last, r.asked)+1)
	case n > r.acked+1:
		t.Errorf("fifo: group %d: %d came and only %d were sent", g, n, r.acked)
	}
	if at, ok := r.deleted[n]; ok && at.Before(asked) {
		t.Errorf("fifo: group %d: %d came back after its deletion was acknowledged", g, n)
	}
	if known, ok := r.ids[n]; ok && known != id {
		t.Errorf("fifo: group %d: %d is there twice, as %s and %s", g, n, known, id)
	}
	r.ids[n] = id
	r.highestSeen = max(r.highestSeen, n)
}

func (r *group) ask(n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.asked = max(r.asked, n)
}

func (r *group) delete(n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, ok := r.deleted[n]; !ok {
		r.deleted[n] = time.Now()
	}
}

func (q *fifo) drain(ctx context.Context, t *testing.T) {
	if !drained(ctx, t, q.client, q.url, func() (int, error) { return q.receive(ctx, t) }) {
		t.Error("the FIFO queue does not get empty")
		return
	}
	total := 0
	for g := range q.groups {
		r := &q.groups[g]
		total += r.acked
		if r.highestSeen < r.acked {
			t.Errorf("fifo: group %d: %d were acknowledged and %d came", g, r.acked, r.highestSeen)
		}
	}
	t.Logf("fifo: %d messages acknowledged", total)
	if total == 0 {
		t.Error("fifo: nothing was acknowledged")
	}
}
