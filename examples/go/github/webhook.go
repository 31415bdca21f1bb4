package main

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"

	githubwebhooks "github.com/carillon-events/carillon/examples/github-webhooks"
)

// open makes the source, its bus and the webhook, as does
// carillon webhook set SOURCE --scheme github --secret-file … --bus.
func (h *hooks) open(ctx context.Context) error {
	webhook := map[string]any{"source": h.source, "account": account, "region": region, "scheme": "github", "secret": h.secret, "bus": true}
	if err := h.operate(ctx, "PutWebhook", webhook); err != nil {
		return err
	}
	h.later(func() error {
		webhook := h.operate(ctx, "DeleteWebhook", map[string]any{"source": h.source, "account": account, "region": region})
		_, bus := h.events.DeleteEventBus(ctx, &eventbridge.DeleteEventBusInput{Name: &h.source})
		_, source := h.events.DeletePartnerEventSource(ctx, &eventbridge.DeletePartnerEventSourceInput{Name: &h.source, Account: aws.String(account)})
		return errors.Join(webhook, bus, source)
	})
	fmt.Fprintln(h.out, "ok   GitHub may post to", h.endpoint+"/ingest/"+h.source)
	return nil
}

// postAll posts every payload, signed as GitHub signs, and one that is forged.
func (h *hooks) postAll(ctx context.Context, payloads []githubwebhooks.Payload) error {
	for i, p := range payloads {
		sum := hmac.New(sha256.New, []byte(h.secret))
		io.WriteString(sum, p.Body)
		status, err := h.post(ctx, "/ingest/"+h.source, []byte(p.Body), http.Header{
			"X-GitHub-Event": {p.Event}, "X-GitHub-Delivery": {fmt.Sprintf("%s-%d", h.name, i)},
			"X-Hub-Signature-256": {fmt.Sprintf("sha256=%x", sum.Sum(nil))},
		})
		if err != nil {
			return err
		}
		if status != http.StatusOK {
			return fmt.Errorf("webhook %d was answered with %d", i, status)
		}
	}
	status, err := h.post(ctx, "/ingest/"+h.source, []byte("{}"), http.Header{
		"X-GitHub-Event": {"push"}, "X-Hub-Signature-256": {"sha256=" + strings.Repeat("0", 64)},
	})
	if err != nil {
		return err
	}
	return h.check(status == http.StatusUnauthorized, "a webhook with a forged signature is refused")
}

// operate calls an operation of Carillon's own.
func (h *hooks) operate(ctx context.Context, operation string, in any) error {
	body, err := json.Marshal(in)
	if err != nil {
		return err
	}
	status, err := h.post(ctx, "/_carillon/"+operation, body, nil)
	if err == nil && status != http.StatusOK {
		err = fmt.Errorf("%s was answered with %d", operation, status)
	}
	return err
}

func (h *hooks) post(ctx context.Context, path string, body []byte, header http.Header) (status int, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, h.endpoint+path, bytes.NewReader(body))
	if err != nil {
		return 0, err
	}
	for name, values := range header {
		request.Header.Set(name, values[0])
	}
	request.Header.Set("Content-Type", "application/json")
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, err
	}
	defer answer.Body.Close()
	_, err = io.Copy(io.Discard, answer.Body) // to its end, so that the connection is used again
	return answer.StatusCode, err
}
