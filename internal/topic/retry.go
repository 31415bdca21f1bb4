package topic

import (
	"time"

	"github.com/carillon-events/carillon/internal/delivery"
)

// keepFor bounds the age of a delivery to a subscription: longer than the longest
// schedule takes. It is the number of attempts that ends one.
const keepFor = 30 * 24 * time.Hour

// otherPolicy is that of mail, text messages and apps, for which nobody can choose
// one: 50 attempts over 6 hours.
// https://docs.aws.amazon.com/sns/latest/dg/sns-message-delivery-retries.html
var otherPolicy = *policyOf(delivery.Schedule{
	{Retries: 2, Min: 10 * time.Second, Max: 10 * time.Second},
	{Retries: 10, Min: 10 * time.Second, Max: 600 * time.Second, Growth: delivery.Exponential},
	{Retries: 38, Min: 600 * time.Second, Max: 600 * time.Second},
})

// Attempts is how a delivery to a subscription of a topic is tried again.
func (s *Subscription) Attempts(c Config) *delivery.Policy {
	return attempts(s.Protocol, c, s.Settings.HTTP)
}

func attempts(p Protocol, c Config, h *HTTP) *delivery.Policy {
	switch p {
	case Queue:
		return &queuePolicy
	case HTTPPlain, HTTPS:
		effective := EffectiveHTTP(c, &Subscribed{HTTP: h})
		return policyOf(effective.Retry.schedule())
	}
	return &otherPolicy
}

func policyOf(s delivery.Schedule) *delivery.Policy {
	return &delivery.Policy{MaxAge: keepFor, MaxAttempts: s.Retries(), Schedule: s}
}

var growths = map[Backoff]delivery.Growth{
	Linear: delivery.Linear, Arithmetic: delivery.Arithmetic, Geometric: delivery.Geometric, Exponential: delivery.Exponential,
}

// schedule is the four phases: what no other phase has is for the backoff.
func (r *Retry) schedule() delivery.Schedule {
	low, high := time.Duration(r.MinDelay)*time.Second, time.Duration(r.MaxDelay)*time.Second
	var s delivery.Schedule
	for _, p := range []delivery.Phase{
		{Retries: r.Immediate},
		{Retries: r.BeforeBackoff, Min: low, Max: low},
		{Retries: r.Retries - r.Immediate - r.BeforeBackoff - r.AfterBackoff, Min: low, Max: high, Growth: growths[r.Backoff]},
		{Retries: r.AfterBackoff, Min: high, Max: high},
	} {
		if p.Retries > 0 {
			s = append(s, p)
		}
	}
	return s
}
