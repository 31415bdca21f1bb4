package sns

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/carillon-events/carillon/internal/topic"
)

// Delivery policies, in AWS's words:
// https://docs.aws.amazon.com/sns/latest/dg/sns-message-delivery-retries.html#creating-delivery-policy

type retryPolicy struct {
	MinDelayTarget     *int    `json:"minDelayTarget"`
	MaxDelayTarget     *int    `json:"maxDelayTarget"`
	NumRetries         *int    `json:"numRetries"`
	NumMaxDelayRetries *int    `json:"numMaxDelayRetries"`
	NumNoDelayRetries  *int    `json:"numNoDelayRetries"`
	NumMinDelayRetries *int    `json:"numMinDelayRetries"`
	BackoffFunction    *string `json:"backoffFunction"`
}

type throttlePolicy struct {
	MaxReceivesPerSecond *int `json:"maxReceivesPerSecond"`
}

type requestPolicy struct {
	HeaderContentType *string `json:"headerContentType"`
}

// subscriptionPolicy is the delivery policy of a subscription.
type subscriptionPolicy struct {
	Healthy    *retryPolicy    `json:"healthyRetryPolicy"`
	Sickly     *retryPolicy    `json:"sicklyRetryPolicy"` // of old; it does nothing
	Throttle   *throttlePolicy `json:"throttlePolicy"`
	Request    *requestPolicy  `json:"requestPolicy,omitempty"`
	Guaranteed bool            `json:"guaranteed"` // likewise
}

// topicPolicy is that of a topic.
type topicPolicy struct {
	HTTP *topicHTTP `json:"http"`
}

type topicHTTP struct {
	Healthy  *retryPolicy    `json:"defaultHealthyRetryPolicy"`
	Sickly   *retryPolicy    `json:"defaultSicklyRetryPolicy,omitempty"`
	OnlyThis bool            `json:"disableSubscriptionOverrides"`
	Throttle *throttlePolicy `json:"defaultThrottlePolicy,omitempty"`
	Request  *requestPolicy  `json:"defaultRequestPolicy,omitempty"`
}

// maxDelay bounds the delays, and maxRetries how often, in all.
const (
	maxDelay    = 3600
	maxRetries  = 100
	maxDocument = 30 << 10 // bytes of a policy that is JSON
)

const attrDelivery = "DeliveryPolicy"

// contentTypes are those that a policy may ask for.
// https://docs.aws.amazon.com/sns/latest/dg/sns-message-delivery-retries.html
var contentTypes = []string{
	"application/atom+xml", "application/json", "application/octet-stream", "application/soap+xml", "application/x-www-form-urlencoded",
	"application/xhtml+xml", "application/xml", "text/css", "text/csv", "text/html", "text/plain", "text/xml",
}

// document reads a JSON object that has no other members than into has.
func document(attribute, text string, into any) error {
	if len(text) > maxDocument {
		return refusal(attribute + ": it is too long")
	}
	if !strings.HasPrefix(strings.TrimLeft(text, " \t\r\n"), "{") {
		return refusal(attribute + ": invalid JSON")
	}
	d := json.NewDecoder(bytes.NewReader([]byte(text)))
	d.DisallowUnknownFields()
	err := d.Decode(into)
	if err == nil && d.More() {
		return refusal(attribute + ": invalid JSON")
	}
	if err != nil {
		if name, ok := strings.CutPrefix(err.Error(), "json: unknown field "); ok {
			return refusal(attribute + ": invalid JSON. Attribute " + clip(strings.Trim(name, `"`)) + " is unknown.")
		}
		return refusal(attribute + ": invalid JSON")
	}
	return nil
}

// topicDelivery is what a topic's delivery policy means.
func topicDelivery(text string) (h *topic.HTTP, only bool, err error) {
	if text == "" {
		return nil, false, nil
	}
	var p topicPolicy
	if err := document(attrDelivery, text, &p); err != nil || p.HTTP == nil {
		return nil, false, err
	}
	h, err = httpOf("http.default", p.HTTP.Healthy, p.HTTP.Throttle, p.HTTP.Request)
	return h, p.HTTP.OnlyThis, err
}

// subscriptionDelivery is what a subscription's delivery policy means.
func subscriptionDelivery(text string) (*topic.HTTP, error) {
	if text == "" {
		return nil, nil
	}
	var p subscriptionPolicy
	if err := document(attrDelivery, text, &p); err != nil {
		return nil, err
	}
	return httpOf("", p.Healthy, p.Throttle, p.Request)
}

// httpOf checks the parts of a policy; prefix is what goes before their names.
func httpOf(prefix string, r *retryPolicy, t *throttlePolicy, q *requestPolicy) (*topic.HTTP, error) {
	path := func(name string) string {
		if prefix == "" {
			return name
		}
		return prefix + strings.ToUpper(name[:1]) + name[1:]
	}
	h := &topic.HTTP{}
	if r != nil {
		retry, err := r.check(path("healthyRetryPolicy"))
		if err != nil {
			return nil, err
		}
		h.Retry = retry
	}
	if t != nil && t.MaxReceivesPerSecond != nil {
		if h.PerSecond = *t.MaxReceivesPerSecond; h.PerSecond < 1 {
			return nil, atLeast(path("throttlePolicy")+".maxReceivesPerSecond", 1)
		}
	}
	if q != nil && q.HeaderContentType != nil {
		h.ContentType = *q.HeaderContentType
		kind, _, _ := strings.Cut(h.ContentType, ";")
		if !slices.Contains(contentTypes, strings.TrimSpace(kind)) || strings.ContainsFunc(h.ContentType, unicode.IsControl) || len(h.ContentType) > 256 {
			return nil, refusal("DeliveryPolicy: " + path("requestPolicy") + ".headerContentType is not a content type that is supported")
		}
	}
	return h, nil
}

func atLeast(name string, n int) error {
	return refusal(fmt.Sprintf("DeliveryPolicy: %s must be greater than or equal to %d", name, n))
}

func atMost(name string, n int) error {
	return refusal(fmt.Sprintf("DeliveryPolicy: %s must be less than or equal to %d", name, n))
}

// check is the policy with what it leaves out.
func (p *retryPolicy) check(path string) (*topic.Retry, error) {
	r := topic.DefaultRetry
	for _, f := range []struct {
		name        string
		from        *int
		to          *int
		least, most int
	}{
		{"minDelayTarget", p.MinDelayTarget, &r.MinDelay, 1, maxDelay},
		{"maxDelayTarget", p.MaxDelayTarget, &r.MaxDelay, 1, maxDelay},
		{"numRetries", p.NumRetries, &r.Retries, 0, maxRetries},
		{"numNoDelayRetries", p.NumNoDelayRetries, &r.Immediate, 0, maxRetries},
		{"numMinDelayRetries", p.NumMinDelayRetries, &r.BeforeBackoff, 0, maxRetries},
		{"numMaxDelayRetries", p.NumMaxDelayRetries, &r.AfterBackoff, 0, maxRetries},
	} {
		if f.from == nil {
			continue
		}
		switch *f.to = *f.from; {
		case *f.from < f.least:
			return nil, atLeast(path+"."+f.name, f.least)
		case *f.from > f.most:
			return nil, atMost(path+"."+f.name, f.most)
		}
	}
	if p.MaxDelayTarget == nil && r.MaxDelay < r.MinDelay {
		r.MaxDelay = r.MinDelay
	}
	if p.MinDelayTarget == nil && r.MinDelay > r.MaxDelay {
		r.MinDelay = r.MaxDelay
	}
	if p.BackoffFunction != nil {
		r.Backoff = topic.Backoff(*p.BackoffFunction)
	}
	switch {
	case r.MaxDelay < r.MinDelay:
		return nil, refusal("DeliveryPolicy: " + path + ".maxDelayTarget must be greater than or equal to minDelayTarget")
	case r.Retries < r.Immediate+r.BeforeBackoff+r.AfterBackoff:
		return nil, refusal("DeliveryPolicy: " + path + ".numRetries must be greater than or equal to the sum of numNoDelayRetries, numMinDelayRetries and numMaxDelayRetries")
	case !slices.Contains([]topic.Backoff{topic.Linear, topic.Arithmetic, topic.Geometric, topic.Exponential}, r.Backoff):
		return nil, refusal("DeliveryPolicy: " + path + ".backoffFunction must be one of: linear, arithmetic, geometric, exponential")
	}
	return &r, nil
}

func retryAs(r *topic.Retry) *retryPolicy {
	backoff := string(r.Backoff)
	return &retryPolicy{&r.MinDelay, &r.MaxDelay, &r.Retries, &r.AfterBackoff, &r.Immediate, &r.BeforeBackoff, &backoff}
}

func throttleAs(h topic.HTTP) *throttlePolicy {
	if h.PerSecond == 0 {
		return nil
	}
	return &throttlePolicy{&h.PerSecond}
}

// effectiveOfTopic is what holds for subscriptions that say nothing.
func effectiveOfTopic(c topic.Config) (string, error) {
	h := topic.EffectiveHTTP(c, nil)
	b, err := json.Marshal(topicPolicy{&topicHTTP{
		Healthy: retryAs(h.Retry), OnlyThis: c.OnlyHTTP, Throttle: throttleAs(h), Request: &requestPolicy{&h.ContentType},
	}})
	return string(b), err
}

// effectiveOfSubscription is what holds for one.
func effectiveOfSubscription(c topic.Config, s *topic.Subscribed) (string, error) {
	h := topic.EffectiveHTTP(c, s)
	b, err := json.Marshal(subscriptionPolicy{Healthy: retryAs(h.Retry), Throttle: throttleAs(h), Request: &requestPolicy{&h.ContentType}})
	return string(b), err
}
