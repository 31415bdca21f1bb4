package bench

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"strconv"
	"time"
)

// uniqueName names what a run creates, so that two runs do not meet.
func uniqueName() string {
	var b [6]byte
	rand.Read(b[:])
	return "carillon-bench-" + hex.EncodeToString(b[:])
}

// createQueue makes a queue for one measurement. Nothing becomes visible again
// while the measurement runs, so that a message seen twice is a fault.
func createQueue(ctx context.Context, t Target) (url string, err error) {
	in := map[string]any{"QueueName": uniqueName(), "Attributes": map[string]string{"VisibilityTimeout": "3600"}}
	var out struct{ QueueUrl string }
	if err := t.call(ctx, sqsOperation("CreateQueue"), in, &out); err != nil {
		return "", fmt.Errorf("create a queue: %w", err)
	}
	return out.QueueUrl, nil
}

func deleteQueue(ctx context.Context, t Target, url string) error {
	return t.call(ctx, sqsOperation("DeleteQueue"), map[string]string{"QueueUrl": url}, nil)
}

// sends is sqs-send: one message in a request.
type sends struct {
	o   Options
	url string
}

func openSend(ctx context.Context, o Options) (session, error) {
	url, err := createQueue(ctx, o.Target)
	if err != nil {
		return nil, err
	}
	s := &sends{o, url}
	if err := fill(ctx, o, url, 0); err != nil {
		return s, err
	}
	return s, nil
}

func (s *sends) measure(ctx context.Context, t Target, d time.Duration, rec *recorder) error {
	o := s.o.at(t)
	return load(ctx, o, d, rec, rec.request, func(i int) step { return sendStep(o, s.url, i) })
}

func (s *sends) sample(ctx context.Context) ([]byte, error) {
	body, message := sendBody(s.o, s.url)
	write(message, 0)
	return s.o.Target.once(ctx, sqsOperation("SendMessage"), body)
}

func (s *sends) close(ctx context.Context, _ *recorder) error {
	return deleteQueue(ctx, s.o.Target, s.url)
}

var messageID = []byte(`"MessageId"`)

func sendStep(o Options, url string, i int) step {
	r := newRequest(o.Target, sqsOperation("SendMessage"))
	body, message := sendBody(o, url)
	n := uint64(i) << 40
	return func(ctx context.Context, c *conn, _ time.Time) (int, error) {
		n++
		write(message, n)
		got, err := c.success(ctx, r, body)
		if err != nil {
			return 0, err
		}
		if !bytes.Contains(got, messageID) {
			return 0, r.refused(200, got)
		}
		return 1, nil
	}
}

// sendBody is SendMessage's input; message is the part of it to write to.
func sendBody(o Options, url string) (body, message []byte) {
	body = append(strconv.AppendQuote([]byte(`{"QueueUrl":`), url), `,"MessageBody":"`...)
	at := len(body)
	body = append(append(body, make([]byte, o.Size)...), `"}`...)
	return body, body[at : at+o.Size]
}

// batches is sqs-send-batch.
type batches struct{ sends }

func openSendBatch(ctx context.Context, o Options) (session, error) {
	s, err := openSend(ctx, o)
	if s == nil {
		return nil, err
	}
	return &batches{*s.(*sends)}, err
}

func (s *batches) measure(ctx context.Context, t Target, d time.Duration, rec *recorder) error {
	o := s.o.at(t)
	return load(ctx, o, d, rec, rec.request, func(i int) step {
		b := newBatch(o, s.url)
		n := uint64(i) << 40
		return func(ctx context.Context, c *conn, _ time.Time) (int, error) {
			b.number(n)
			n += uint64(o.Batch)
			return b.send(ctx, c)
		}
	})
}

func (s *batches) sample(ctx context.Context) ([]byte, error) {
	b := newBatch(s.o, s.url)
	b.number(0)
	return s.o.Target.once(ctx, sqsOperation("SendMessageBatch"), b.body)
}

// batch is a SendMessageBatch that is sent again and again with other messages.
type batch struct {
	r        *request
	body     []byte
	messages [][]byte // the parts of body to write to
}

func newBatch(o Options, url string) *batch {
	body := append(strconv.AppendQuote([]byte(`{"QueueUrl":`), url), `,"Entries":[`...)
	var at []int
	for i := range o.Batch {
		if i > 0 {
			body = append(body, ',')
		}
		body = fmt.Appendf(body, `{"Id":"%d","MessageBody":"`, i)
		at = append(at, len(body))
		body = append(append(body, make([]byte, o.Size)...), `"}`...)
	}
	body = append(body, "]}"...)
	b := &batch{r: newRequest(o.Target, sqsOperation("SendMessageBatch")), body: body}
	for _, i := range at {
		b.messages = append(b.messages, body[i:i+o.Size])
	}
	return b
}

// number writes messages first, first+1, … into the batch.
func (b *batch) number(first uint64) {
	for i, message := range b.messages {
		write(message, first+uint64(i))
	}
}

func (b *batch) send(ctx context.Context, c *conn) (int, error) {
	got, err := c.success(ctx, b.r, b.body)
	if err != nil {
		return 0, err
	}
	if failed(got) || bytes.Count(got, messageID) < len(b.messages) {
		return 0, fmt.Errorf("%w: %w", errPartial, b.r.refused(200, got))
	}
	return len(b.messages), nil
}
