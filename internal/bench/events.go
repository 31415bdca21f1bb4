package bench

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"
)

// puts is put-events: batches of events on a bus of its own. Rules that match
// them all send each to every queue; the other rules want the same source and
// another detail. A message is a delivery: an event that reaches two queues is two.
type puts struct {
	o     Options
	bus   string
	urls  []string
	rules []string
}

const (
	eventSource = "carillon.bench"
	// targetsPerRule is AWS's default.
	targetsPerRule = 5
)

func openPutEvents(ctx context.Context, o Options) (session, error) {
	s := &puts{o: o, bus: uniqueName()}
	if err := s.call(ctx, "CreateEventBus", map[string]any{"Name": s.bus}); err != nil {
		return nil, err
	}
	var arns []string
	for range max(o.Queues, 1) {
		url, err := createQueue(ctx, o.Target)
		if err != nil {
			return s, err
		}
		s.urls = append(s.urls, url)
		arn, err := queueARN(ctx, o.Target, url)
		if err != nil {
			return s, err
		}
		arns = append(arns, arn)
	}
	for _, some := range slices.Collect(slices.Chunk(arns, targetsPerRule)) {
		if err := s.rule(ctx, `{"source":["`+eventSource+`"]}`, some); err != nil {
			return s, err
		}
	}
	for len(s.rules) < o.Rules {
		pattern := fmt.Sprintf(`{"source":[%q],"detail":{"text":["nobody sends this %d"]}}`, eventSource, len(s.rules))
		if err := s.rule(ctx, pattern, arns[:1]); err != nil {
			return s, err
		}
	}
	return s, nil
}

func queueARN(ctx context.Context, t Target, url string) (string, error) {
	in := map[string]any{"QueueUrl": url, "AttributeNames": []string{"QueueArn"}}
	var out struct{ Attributes struct{ QueueArn string } }
	if err := t.call(ctx, sqsOperation("GetQueueAttributes"), in, &out); err != nil {
		return "", fmt.Errorf("ask for the queue's ARN: %w", err)
	}
	return out.Attributes.QueueArn, nil
}

// rule makes a rule that sends to the queues.
func (s *puts) rule(ctx context.Context, pattern string, queues []string) error {
	name := fmt.Sprintf("rule-%d", len(s.rules))
	if err := s.call(ctx, "PutRule", map[string]any{"Name": name, "EventBusName": s.bus, "EventPattern": pattern}); err != nil {
		return err
	}
	s.rules = append(s.rules, name)
	var targets []map[string]string
	for i, arn := range queues {
		targets = append(targets, map[string]string{"Id": strconv.Itoa(i), "Arn": arn})
	}
	return s.call(ctx, "PutTargets", map[string]any{"Rule": name, "EventBusName": s.bus, "Targets": targets})
}

func (s *puts) call(ctx context.Context, operation string, in map[string]any) error {
	if err := s.o.Target.call(ctx, eventsOperation(operation), in, nil); err != nil {
		return fmt.Errorf("%s: %w", operation, err)
	}
	return nil
}

func (s *puts) close(ctx context.Context, _ *recorder) error {
	var ids []string
	for i := range targetsPerRule {
		ids = append(ids, strconv.Itoa(i))
	}
	var errs []error
	for _, rule := range s.rules {
		errs = append(errs,
			s.call(ctx, "RemoveTargets", map[string]any{"Rule": rule, "EventBusName": s.bus, "Ids": ids}),
			s.call(ctx, "DeleteRule", map[string]any{"Name": rule, "EventBusName": s.bus}))
	}
	errs = append(errs, s.call(ctx, "DeleteEventBus", map[string]any{"Name": s.bus}))
	for _, url := range s.urls {
		errs = append(errs, deleteQueue(ctx, s.o.Target, url))
	}
	return errors.Join(errs...)
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
		return len(messages) * len(s.urls), nil
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
