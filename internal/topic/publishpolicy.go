package topic

import (
	"time"

	"github.com/carillon-events/carillon/internal/delivery"
)

// A queue that does not exist, or takes no such message, is an error of the
// client's, as AWS calls it: the delivery is not tried again.
// https://docs.aws.amazon.com/sns/latest/dg/sns-message-delivery-retries.html
var queuePolicy = delivery.Policy{MaxAge: 23 * 24 * time.Hour, MaxAttempts: 0}

// otherPolicy is that of mail, text messages and apps: 50 attempts over 6 hours.
var otherPolicy = delivery.Policy{MaxAge: 6 * time.Hour, MaxAttempts: 50}

// httpFor bounds how long deliveries over HTTP are tried.
const httpFor = time.Hour

// policy says how often and how long a delivery to a member is tried.
func (s *member) policy(a *audience) *delivery.Policy {
	switch s.protocol {
	case Queue:
		return &queuePolicy
	case HTTPPlain, HTTPS:
		h := EffectiveHTTP(a.config, &Subscribed{HTTP: s.http})
		return &delivery.Policy{MaxAge: httpFor, MaxAttempts: h.Retry.Retries}
	}
	return &otherPolicy
}
