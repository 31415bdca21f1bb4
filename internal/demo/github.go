package demo

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	bus "github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"golang.org/x/sync/errgroup"

	githubwebhooks "github.com/carillon-events/carillon/examples/github-webhooks"
	"github.com/carillon-events/carillon/internal/ingest"
	"github.com/carillon-events/carillon/internal/webhook"
)

// hooks is GitHub's part of the story.
type hooks struct {
	*story
	source, secret string
	events         []Event
	topic          string // ARN
	queues         []aQueue
	ledger         *Ledger

	inFlight atomic.Int32
	resent   atomic.Int32
	once     sync.Once
	half     chan struct{} // closed when half of the events are acknowledged
}

// github: real payloads are posted to a signed webhook, as GitHub does; a rule
// of the partner's bus sends them to a topic, whose subscribers are filtered. In
// the middle the server is killed, and who got no answer posts again.
//
// Held: every queue has each event that its filter is for exactly once, and no
// other; the FIFO queue keeps the order of what came one after the other.
func (s *story) github(ctx context.Context) error {
	payloads, err := githubwebhooks.All()
	if err != nil {
		return err
	}
	h := &hooks{story: s, events: fromPayloads(payloads), half: make(chan struct{}), secret: rand.Text()}
	h.ledger = NewLedger(h.events)
	if err := h.open(ctx); err != nil {
		return err
	}
	if err := h.subscribe(ctx); err != nil {
		return err
	}
	s.say.step("the bus of a partner source takes webhooks that are signed; its rule fills a topic, with %d filtered queues", len(filters)-1)
	if err := h.post(ctx); err != nil {
		return err
	}
	s.say.step("%d real webhooks of %d kinds are acknowledged; %d of them were posted again because the answer was lost", len(h.events), kinds(h.events), h.resent.Load())
	return h.check(ctx)
}

// open makes the source, its bus, and the webhook.
func (h *hooks) open(ctx context.Context) error {
	h.source = "aws.partner/github.com/" + h.named("octocat")
	in := ingest.PutWebhook{
		Source: h.source, Account: h.aws.account, Region: region, Config: webhook.Config{Scheme: webhook.GitHub}, Secret: h.secret, Bus: true,
	}
	var made ingest.Webhook
	if err := h.ask(ctx, ingest.PutWebhookPath, in, &made); err != nil {
		return fmt.Errorf("make the webhook: %w", err)
	}
	h.later("remove the webhook", func(ctx context.Context) error {
		gone := h.ask(ctx, ingest.DeleteWebhookPath, ingest.DeleteWebhook{Source: h.source, Account: h.aws.account, Region: region}, &struct{}{})
		if _, err := h.aws.events.DeleteEventBus(ctx, &eventbridge.DeleteEventBusInput{Name: &h.source}); err != nil {
			return err
		}
		_, err := h.aws.events.DeletePartnerEventSource(ctx, &eventbridge.DeletePartnerEventSourceInput{Name: &h.source, Account: &h.aws.account})
		if gone != nil {
			return gone
		}
		return err
	})
	// GitHub names each delivery, also when it is sent again.
	_, err := h.aws.events.TagResource(ctx, &eventbridge.TagResourceInput{
		ResourceARN: aws.String("arn:aws:events:" + region + ":" + h.aws.account + ":event-bus/" + h.source),
		Tags:        []bus.Tag{{Key: aws.String(doorKeyTag), Value: aws.String("$.resources[0]")}, {Key: aws.String(doorWindowTag), Value: aws.String("10m")}},
	})
	if err != nil {
		return fmt.Errorf("have the bus recognise what is posted twice: %w", err)
	}
	return nil
}

// subscribe makes the topic, the rule that fills it, and the queues.
func (h *hooks) subscribe(ctx context.Context) error {
	created, err := h.aws.sns.CreateTopic(ctx, &sns.CreateTopicInput{Name: aws.String(h.named("github"))})
	if err != nil {
		return fmt.Errorf("create the topic: %w", err)
	}
	h.topic = *created.TopicArn
	h.later("delete the topic", func(ctx context.Context) error {
		_, err := h.aws.sns.DeleteTopic(ctx, &sns.DeleteTopicInput{TopicArn: &h.topic})
		return err
	})
	_, err = h.aws.sns.SetTopicAttributes(ctx, &sns.SetTopicAttributesInput{
		TopicArn: &h.topic, AttributeName: aws.String("Policy"), AttributeValue: aws.String(mayBeSentTo("sns:Publish", h.topic, h.aws.account)),
	})
	if err != nil {
		return fmt.Errorf("let rules publish: %w", err)
	}
	if _, err := h.rule(ctx, h.aws, h.source, "publish", `{"account":[{"exists":true}]}`, bus.Target{Arn: &h.topic}); err != nil {
		return err
	}
	for _, f := range filters {
		q, err := h.queue(ctx, h.aws, f.Queue, nil)
		if err != nil {
			return err
		}
		h.queues = append(h.queues, q)
		if err := h.feed(ctx, &f, q); err != nil {
			return err
		}
	}
	return nil
}

// feed subscribes a queue; a FIFO queue cannot be subscribed to a topic that
// keeps no order, and gets a rule.
func (h *hooks) feed(ctx context.Context, f *Filter, q aQueue) error {
	if f.FIFO {
		target := bus.Target{Arn: &q.arn, SqsParameters: &bus.SqsParameters{MessageGroupId: aws.String("github")}}
		_, err := h.rule(ctx, h.aws, h.source, "reviews", f.Pattern, target)
		return err
	}
	attributes := map[string]string{"RawMessageDelivery": "true"}
	if f.Pattern != "" {
		attributes["FilterPolicyScope"], attributes["FilterPolicy"] = "MessageBody", f.Pattern
	}
	_, err := h.aws.sns.Subscribe(ctx, &sns.SubscribeInput{TopicArn: &h.topic, Protocol: aws.String("sqs"), Endpoint: &q.arn, Attributes: attributes})
	if err != nil {
		return fmt.Errorf("subscribe the queue %s: %w", q.name, err)
	}
	return nil
}

// senders post at the same time, so that the kill finds some at work.
const senders = 4

// post posts every event until it is acknowledged, and kills and restarts the
// server when half of them are.
func (h *hooks) post(ctx context.Context) error {
	work := make(chan int)
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error {
		defer close(work)
		for i := range h.events {
			select {
			case work <- i:
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		return nil
	})
	for range senders {
		g.Go(func() error {
			for i := range work {
				if err := h.send(ctx, i); err != nil {
					return err
				}
			}
			return nil
		})
	}
	if h.server != nil && h.o.Kill {
		g.Go(func() error { return h.killAndRestart(ctx) })
	}
	return g.Wait()
}

// killAndRestart ends the server as a power cut ends a process, and starts it
// on what it left.
func (h *hooks) killAndRestart(ctx context.Context) error {
	select {
	case <-h.half:
	case <-ctx.Done():
		return ctx.Err()
	}
	inFlight, pid := h.inFlight.Load(), h.server.PID()
	if err := h.server.Kill(); err != nil {
		return fmt.Errorf("kill the server: %w", err)
	}
	h.say.step("kill -9 %d after %d acknowledged webhooks, with %d on their way", pid, h.ledger.Acknowledged(), inFlight)
	if err := h.start(ctx, h.server.Endpoint[len("http://"):]); err != nil {
		return err
	}
	h.say.step("restarted on the same directory, ready after %d ms", h.server.Ready.Milliseconds())
	return nil
}

// again is how soon a webhook is posted again.
const again = 10 * time.Millisecond

// send posts event i until it is acknowledged.
func (h *hooks) send(ctx context.Context, i int) error {
	h.breathe(ctx, 50*time.Millisecond)
	began := h.ledger.Begin() // of the first attempt: it may be the one that is accepted
	for {
		h.inFlight.Add(1)
		id, err := h.attempt(ctx, i)
		h.inFlight.Add(-1)
		if err == nil {
			if acked := h.ledger.Acknowledge(i, id, began); 2*acked >= len(h.events) {
				h.once.Do(func() { close(h.half) })
			}
			return nil
		}
		switch outcomeOf(err) {
		case refused:
			return err
		case unknown:
			h.resent.Add(1)
		}
		select {
		case <-time.After(again):
		case <-ctx.Done():
			return fmt.Errorf("post a webhook: %w, the last error: %w", ctx.Err(), err)
		}
	}
}

// attempt posts event i as GitHub does.
func (h *hooks) attempt(ctx context.Context, i int) (id string, err error) {
	e := &h.events[i]
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, h.endpoint+ingest.HookPath+h.source, bytes.NewReader([]byte(e.Detail)))
	if err != nil {
		return "", err
	}
	sum := hmac.New(sha256.New, []byte(h.secret))
	sum.Write([]byte(e.Detail))
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("X-GitHub-Event", e.DetailType)
	req.Header.Set("X-GitHub-Delivery", deliveryID(i))
	req.Header.Set("X-Hub-Signature-256", "sha256="+hex.EncodeToString(sum.Sum(nil)))
	resp, err := web.Do(req)
	if err != nil {
		return "", fmt.Errorf("post a webhook: %w", err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(io.LimitReader(resp.Body, 1<<16))
	if err != nil {
		return "", fmt.Errorf("post a webhook: %w", err)
	}
	var answer struct{ EventID string }
	if resp.StatusCode != http.StatusOK {
		return "", fmt.Errorf("post a webhook: %s: %.200s", resp.Status, text)
	}
	if err := json.Unmarshal(text, &answer); err != nil || answer.EventID == "" {
		return "", fmt.Errorf("post a webhook: the answer has no event id: %.200s", text)
	}
	return answer.EventID, nil
}

// check empties the queues and compares them with what Go says the filters are
// for.
func (h *hooks) check(ctx context.Context) error {
	h.breathe(ctx, 2*time.Second)
	var verdicts []Verdict
	for i, f := range filters {
		bodies, err := drain(ctx, h.aws, h.queues[i])
		if err != nil {
			return err
		}
		var received []Received
		for _, body := range bodies {
			received = append(received, h.read(body))
		}
		verdicts = append(verdicts, h.ledger.Check(f, received))
	}
	h.say.verdicts(verdicts)
	for _, v := range verdicts {
		if !v.Sound() {
			return ErrUnsound
		}
	}
	return nil
}

// read tells which event a message is, and whether it is as it was posted.
func (h *hooks) read(body string) Received {
	var envelope struct {
		ID         string          `json:"id"`
		Source     string          `json:"source"`
		DetailType string          `json:"detail-type"`
		Resources  []string        `json:"resources"`
		Detail     json.RawMessage `json:"detail"`
	}
	r := Received{Event: -1}
	if json.Unmarshal([]byte(body), &envelope) != nil || len(envelope.Resources) != 1 {
		return r
	}
	i, ok := deliveryNumber(envelope.Resources[0])
	if !ok || i >= len(h.events) {
		return r
	}
	e := &h.events[i]
	r.Event, r.ID = i, envelope.ID
	r.Intact = envelope.Source == h.source && envelope.DetailType == e.DetailType && string(envelope.Detail) == e.Detail
	return r
}
