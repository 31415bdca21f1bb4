package bench

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"time"
)

// publishes is sns-publish and sns-publish-batch: messages to a topic of its own,
// which every queue subscribes to. A message is a delivery.
type publishes struct {
	o     Options
	batch int // 0: Publish
	topic string
	urls  []string
}

func openPublish(ctx context.Context, o Options) (session, error) { return openTopic(ctx, o, 0) }

func openPublishBatch(ctx context.Context, o Options) (session, error) {
	return openTopic(ctx, o, o.Batch)
}

func openTopic(ctx context.Context, o Options, batch int) (session, error) {
	s := &publishes{o: o, batch: batch}
	answer, err := s.call(ctx, "CreateTopic", "Name", uniqueName())
	if err != nil {
		return nil, err
	}
	if s.topic = element(answer, "TopicArn"); s.topic == "" {
		return nil, fmt.Errorf("CreateTopic answered no TopicArn: %.200s", answer)
	}
	for range max(o.Queues, 1) {
		queue, err := createQueue(ctx, o.Target)
		if err != nil {
			return s, err
		}
		s.urls = append(s.urls, queue)
		arn, err := queueARN(ctx, o.Target, queue)
		if err != nil {
			return s, err
		}
		subscribe := []string{"TopicArn", s.topic, "Protocol", "sqs", "Endpoint", arn}
		if o.Raw {
			subscribe = append(subscribe, "Attributes.entry.1.key", "RawMessageDelivery", "Attributes.entry.1.value", "true")
		}
		if _, err := s.call(ctx, "Subscribe", subscribe...); err != nil {
			return s, err
		}
	}
	return s, nil
}

// element is the text of an XML element, of which there is one.
func element(answer []byte, name string) string {
	_, rest, _ := bytes.Cut(answer, []byte("<"+name+">"))
	text, _, _ := bytes.Cut(rest, []byte("</"+name+">"))
	return string(text)
}

func form(action string, pairs ...string) []byte {
	b := []byte("Action=" + action + "&Version=2010-03-31")
	for i := 0; i < len(pairs); i += 2 {
		b = append(b, "&"+pairs[i]+"="+url.QueryEscape(pairs[i+1])...)
	}
	return b
}

func (s *publishes) call(ctx context.Context, action string, pairs ...string) ([]byte, error) {
	answer, err := s.o.Target.once(ctx, snsForm, form(action, pairs...))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", action, err)
	}
	return answer, nil
}

func (s *publishes) close(ctx context.Context, _ *recorder) error {
	_, err := s.call(ctx, "DeleteTopic", "TopicArn", s.topic)
	errs := []error{err}
	for _, queue := range s.urls {
		errs = append(errs, deleteQueue(ctx, s.o.Target, queue))
	}
	return errors.Join(errs...)
}

func (s *publishes) measure(ctx context.Context, t Target, d time.Duration, rec *recorder) error {
	o := s.o.at(t)
	return load(ctx, o, d, rec, rec.request, func(i int) step { return s.step(o, i) })
}

func (s *publishes) sample(ctx context.Context) ([]byte, error) {
	body, messages := s.body()
	for i, m := range messages {
		write(m, uint64(i))
	}
	return s.o.Target.once(ctx, snsForm, body)
}

var messageIDElement = []byte("<MessageId>")

func (s *publishes) step(o Options, i int) step {
	r := newRequest(o.Target, snsForm)
	body, messages := s.body()
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
		if bytes.Count(got, messageIDElement) < len(messages) {
			return 0, fmt.Errorf("%w: %w", errPartial, r.refused(200, got))
		}
		return len(messages) * len(s.urls), nil
	}
}

// body is the form, and the parts of it where the messages stand.
func (s *publishes) body() (body []byte, messages [][]byte) {
	size := max(s.o.Size, idLen)
	if s.batch == 0 {
		body = append(form("Publish", "TopicArn", s.topic), "&Message="...)
		at := len(body)
		body = append(body, make([]byte, size)...)
		return body, [][]byte{body[at:]}
	}
	body = form("PublishBatch", "TopicArn", s.topic)
	var at []int
	for i := range s.batch {
		entry := "&PublishBatchRequestEntries.member." + strconv.Itoa(i+1)
		body = append(body, entry+".Id="+strconv.Itoa(i)+entry+".Message="...)
		at = append(at, len(body))
		body = append(body, make([]byte, size)...)
	}
	for _, i := range at {
		messages = append(messages, body[i:i+size])
	}
	return body, messages
}
