package subscriber

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"

	"golang.org/x/time/rate"

	"github.com/carillon-events/carillon/internal/delivery"
	"github.com/carillon-events/carillon/internal/notification"
	"github.com/carillon-events/carillon/internal/outbound"
	"github.com/carillon-events/carillon/internal/topic"
	"github.com/carillon-events/carillon/internal/trace"
)

const (
	userAgent = "Amazon Simple Notification Service Agent"

	// maxAnswer is what is read of an answer before its connection is given up.
	maxAnswer = 64 << 10
	// mostRates is how many limiters are remembered; more are forgotten, which costs
	// a burst, once.
	mostRates = 10_000
)

// post sends a document over HTTP, or what is in it, if the subscription wants
// that raw. Headers are written as AWS spells them.
// https://docs.aws.amazon.com/sns/latest/dg/http-header.html
func (s *Sender) post(ctx context.Context, to *subscriber, n *notification.Notification, traceHeader string) delivery.Answer {
	h := topic.EffectiveHTTP(to.config, &to.sub.Settings)
	if h.PerSecond > 0 {
		if err := s.pace(to, h.PerSecond).Wait(ctx); err != nil {
			return unavailable("waiting for its turn: " + err.Error())
		}
	}
	header := http.Header{
		"x-amz-sns-message-type": {n.Type}, "x-amz-sns-message-id": {n.MessageID}, "x-amz-sns-topic-arn": {n.TopicARN},
		"Content-Type": {topic.DefaultContentType}, "User-Agent": {userAgent},
	}
	if n.Type != notification.Confirm {
		header["x-amz-sns-subscription-arn"] = []string{to.arn}
	}
	if n.Type == notification.Message {
		header["Content-Type"] = []string{h.ContentType}
	}
	addTrace(header, traceHeader)
	if n.Type == notification.Message && to.sub.Settings.Raw {
		header["x-amz-sns-rawdelivery"] = []string{"true"}
		return s.reach(ctx, to, header, []byte(n.Message))
	}
	if err := s.sign(ctx, to, n); err != nil {
		return unavailable(err.Error())
	}
	return s.reach(ctx, to, header, n.Append(nil))
}

// addTrace hands on the trace that the message is in.
func addTrace(header http.Header, text string) {
	if _, ok := trace.ParseXRay(text); ok {
		if public := trace.Public(text); !strings.ContainsFunc(public, func(r rune) bool { return r < ' ' || r == 0x7f }) {
			header["X-Amzn-Trace-Id"] = []string{public}
		}
	}
}

// pace is the limiter of a subscription, at the rate that it has now.
func (s *Sender) pace(to *subscriber, perSecond int) *rate.Limiter {
	s.mu.Lock()
	defer s.mu.Unlock()
	key := to.sub.ARN()
	l := s.rates[key]
	if l == nil {
		if len(s.rates) >= mostRates {
			clear(s.rates)
		}
		l = rate.NewLimiter(rate.Limit(perSecond), 1) // spread over the second
		s.rates[key] = l
	}
	if l.Limit() != rate.Limit(perSecond) {
		l.SetLimit(rate.Limit(perSecond))
	}
	return l
}

// once makes a POST and says what came of it, with the header of the answer; nil
// where there was none.
func once(ctx context.Context, client *http.Client, url string, header http.Header, body []byte) (http.Header, delivery.Answer) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return nil, refused("the endpoint is no URL")
	}
	r.Header = header
	resp, err := client.Do(r)
	if err != nil {
		return nil, failed(err)
	}
	defer resp.Body.Close()
	// To use the connection again. An answer that does not end is no failure: its
	// code has come.
	_, _ = io.CopyN(io.Discard, resp.Body, maxAnswer)
	return resp.Header, meaning(resp.StatusCode)
}

// failed is what a call without an answer comes to.
func failed(err error) delivery.Answer {
	err = outbound.Told(err)
	var timedOut net.Error
	switch {
	case errors.Is(err, outbound.ErrForbidden):
		return delivery.Answer{Err: fmt.Errorf("%w: %w", delivery.ErrRefused, err), Says: "not called"}
	case errors.As(err, &timedOut) && timedOut.Timeout():
		return delivery.Answer{Err: fmt.Errorf("%w: no answer in %s", delivery.ErrUnavailable, timeout), Says: "timeout"}
	}
	return delivery.Answer{Err: fmt.Errorf("%w: %w", delivery.ErrUnavailable, err), Says: "no connection"}
}

// meaning is what an answer's code comes to. AWS tries again after a 5xx and a
// 429, and takes all else for final.
// https://docs.aws.amazon.com/sns/latest/dg/sns-http-https-endpoint-as-subscriber.html
func meaning(status int) delivery.Answer {
	a := delivery.Answer{Code: status, Says: "HTTP " + strconv.Itoa(status)}
	text := strings.TrimSpace(a.Says + " " + http.StatusText(status))
	switch {
	case status >= 200 && status < 300:
	case status == http.StatusTooManyRequests, status >= 500:
		a.Err = fmt.Errorf("%w: it answered %s", delivery.ErrUnavailable, text)
	default:
		a.Err = fmt.Errorf("%w: it answered %s", delivery.ErrRefused, text)
	}
	return a
}
