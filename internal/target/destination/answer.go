package destination

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/carillon-events/carillon/internal/delivery"
	"github.com/carillon-events/carillon/internal/outbound"
)

const (
	// maxAnswer is what is read of an answer before its connection is given up.
	maxAnswer = 64 << 10
	// maxAfter bounds what a Retry-After may ask for: no delivery is older.
	maxAfter = 24 * time.Hour
)

// answer is a delivery.Answer, and whether the caller's right was refused.
type answer struct {
	delivery.Answer
	denied string
}

// send makes the call once and says what came of it.
func (c *Caller) send(ctx context.Context, m *message) answer {
	within, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	r, err := m.request(within)
	if err != nil {
		return answer{Answer: delivery.Answer{Err: fmt.Errorf("%w: %w", delivery.ErrRefused, err)}}
	}
	resp, err := c.client.Do(r)
	if err != nil {
		return answer{Answer: failed(err)}
	}
	defer resp.Body.Close()
	// To use the connection again. An answer that does not end is no failure: its
	// code has come.
	_, _ = io.CopyN(io.Discard, resp.Body, maxAnswer)
	return meaning(resp.StatusCode, resp.Header.Get("Retry-After"), c.now())
}

// failed is what a call without an answer comes to.
func failed(err error) delivery.Answer {
	err = outbound.Told(err)
	var timedOut net.Error
	switch {
	case errors.Is(err, outbound.ErrForbidden):
		// Waiting makes no address allowed; changing the destination does.
		return delivery.Answer{Err: fmt.Errorf("%w: %w", delivery.ErrRefused, err), Says: "not called"}
	case errors.As(err, &timedOut) && timedOut.Timeout():
		return delivery.Answer{Err: fmt.Errorf("%w: no answer in %s", delivery.ErrUnavailable, timeout), Says: "timeout"}
	}
	return delivery.Answer{Err: fmt.Errorf("%w: %w", delivery.ErrUnavailable, err), Says: "no connection"}
}

// meaning is what an answer's code comes to: "Retries events associated with
// error codes 401, 407, 409, 429, and 5xx. Does not retry events associated with
// error codes 1xx, 2xx, 3xx, and 4xx (other than those noted above)."
// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-api-destinations.html#eb-api-destination-error-codes
func meaning(status int, retryAfter string, now time.Time) answer {
	says := "HTTP " + strconv.Itoa(status)
	a := answer{Answer: delivery.Answer{Says: says}}
	text := says
	if name := http.StatusText(status); name != "" {
		text += " " + name
	}
	switch {
	case status >= 200 && status < 300:
		return a
	case status == http.StatusUnauthorized, status == http.StatusProxyAuthRequired:
		a.denied = "The endpoint answered " + text + "."
	case status == http.StatusConflict, status == http.StatusTooManyRequests, status >= 500:
	default:
		a.Err = fmt.Errorf("%w: it answered %s", delivery.ErrRefused, text)
		return a
	}
	a.Err = fmt.Errorf("%w: it answered %s", delivery.ErrUnavailable, text)
	after, stop := readRetryAfter(retryAfter, now)
	if a.After = after; stop {
		a.Err = fmt.Errorf("%w: it answered %s and wants no retries (Retry-After: %s)", delivery.ErrRefused, text, clip(retryAfter))
	}
	return a
}

// readRetryAfter reads a Retry-After: seconds, or a date. "If Retry-After value
// is negative, EventBridge stops retrying delivery for that event." One that
// cannot be read is none.
func readRetryAfter(text string, now time.Time) (after time.Duration, stop bool) {
	text = strings.TrimSpace(text)
	if text == "" {
		return 0, false
	}
	if seconds, err := strconv.ParseInt(text, 10, 64); err == nil || errors.Is(err, strconv.ErrRange) {
		if seconds < 0 {
			return 0, true
		}
		return time.Duration(min(seconds, int64(maxAfter/time.Second))) * time.Second, false
	}
	at, err := http.ParseTime(text)
	if err != nil {
		return 0, false
	}
	return min(max(at.Sub(now), 0), maxAfter), false
}

func clip(s string) string {
	if len(s) > 32 {
		return s[:32]
	}
	return s
}
