package bench

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"
)

// puts is put-events: batches of events on a bus of its own, whose one rule
// matches them all and sends them to one queue.
type puts struct {
	o        Options
	bus, url string
}

const (
	eventSource = "carillon.bench"
	ruleName    = "all"
	targetID    = "queue"
)

func openPutEvents(ctx context.Context, o Options) (session, error) {
	url, err := createQueue(ctx, o.Target)
	if err != nil {
		return nil, err
	}
	s := &puts{o: o, bus: uniqueName(), url: url}
	arn, err := queueARN(ctx, o.Target, url)
	if err != nil {
		return s, err
	}
	return s, s.build(ctx, arn)
}

func queueARN(ctx context.Context, t Target, url string) (string, error) {
	in := map[string]any{"QueueUrl": url, "AttributeNames": []string{"QueueArn"}}
	var out struct{ Attributes struct{ QueueArn string } }
	if err := t.call(ctx, sqsOperation("GetQueueAttributes"), in, &out); err != nil {
		return "", fmt.Errorf("ask for the queue's ARN: %w", err)
	}
	return out.Attributes.QueueArn, nil
}

func (s *puts) build(ctx context.Context, queue string) error {
	calls := []struct {
		operation string
		in        map[string]any
	}{
		{"CreateEventBus", map[string]any{"Name": s.bus}},
		{"PutRule", map[string]any{"Name": ruleName, "EventBusName": s.bus, "EventPattern": `{"source":["` + eventSource + `"]}`}},
		{"PutTargets", map[string]any{"Rule": ruleName, "EventBusName": s.bus, "Targets": []map[string]string{{"Id": targetID, "Arn": queue}}}},
	}
	for _, c := range calls {
		if err := s.o.Target.call(ctx, eventsOperation(c.operation), c.in, nil); err != nil {
			return fmt.Errorf("build the bus: %w", err)
		}
	}
	return nil
}

func (s *puts) close(ctx context.Context, _ *recorder) error {
	t := s.o.Target
	rule := map[string]any{"Rule": ruleName, "EventBusName": s.bus, "Ids": []string{targetID}}
	return errors.Join(
		t.call(ctx, eventsOperation("RemoveTargets"), rule, nil),
		t.call(ctx, eventsOperation("DeleteRule"), map[string]any{"Name": ruleName, "EventBusName": s.bus}, nil),
		t.call(ctx, eventsOperation("DeleteEventBus"), map[string]any{"Name": s.bus}, nil),
		deleteQueue(ctx, t, s.url),
	)
}

func (s *puts) measure(ctx context.Context, t Target, d time.Duration, rec *recorder) error {
	o := s.o.at(t)
	return load(ctx, o, d, rec, rec.request, func(i int) step { return s.putStep(o, i) })
}

func (s *puts) sample(ctx context.Context) ([]byte, error) {
	body, messages := s.putBody()
	for i, m := range messages {
		write(m, uint64(i))
	}
	return s.o.Target.once(ctx, eventsOperation("PutEvents"), body)
}

var eventID = []byte(`"EventId"`)

func (s *puts) putStep(o Options, i int) step {
	r := newRequest(o.Target, eventsOperation("PutEvents"))
	body, messages := s.putBody()
	n := uint64(i) << 40
	return func(ctx context.Context, c *conn, _ time.Time) (int, error) {
		for _, m := range messages {
			n++
			write(m, n)
		}
		got, err := c.success(ctx, r, body)
		if err != nil {
			return 0, err
		}
		if bytes.Count(got, eventID) < len(messages) {
			return 0, fmt.Errorf("%w: %w", errPartial, r.refused(200, got))
		}
		return len(messages), nil
	}
}

// putBody is PutEvents' input. The details are {"text":"…"} of the size asked
// for; messages are the parts of body where those texts stand.
func (s *puts) putBody() (body []byte, messages [][]byte) {
	const open, end = `{\"text\":\"`, `\"}`
	size := max(s.o.Size-len(`{"text":""}`), idLen)
	var at []int
	body = append(body, `{"Entries":[`...)
	for i := range s.o.Batch {
		if i > 0 {
			body = append(body, ',')
		}
		body = append(body, `{"Source":"`+eventSource+`","DetailType":"load","EventBusName":`...)
		body = append(strconv.AppendQuote(body, s.bus), `,"Detail":"`+open...)
		at = append(at, len(body))
		body = append(append(body, make([]byte, size)...), end+`"}`...)
	}
	body = append(body, "]}"...)
	for _, i := range at {
		messages = append(messages, body[i:i+size])
	}
	return body, messages
}
