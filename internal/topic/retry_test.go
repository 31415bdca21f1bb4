package topic

import (
	"testing"
	"time"
)

// The first is the example of AWS's page, with its 50 retries in four phases.
// https://docs.aws.amazon.com/sns/latest/dg/sns-message-delivery-retries.html#creating-delivery-policy
func TestADeliveryPolicyIsFourPhases(t *testing.T) {
	const s = time.Second
	for _, c := range []struct {
		name    string
		r       Retry
		retries int
		delays  map[int]time.Duration // by retry
	}{
		{"the example", Retry{MinDelay: 1, MaxDelay: 60, Retries: 50, Immediate: 3, BeforeBackoff: 2, AfterBackoff: 35, Backoff: Exponential}, 50,
			map[int]time.Duration{1: 0, 3: 0, 4: s, 5: s, 6: s, 15: 60 * s, 16: 60 * s, 50: 60 * s}},
		{"the default", DefaultRetry, 3, map[int]time.Duration{1: 20 * s, 2: 20 * s, 3: 20 * s, 4: 0}},
		{"linear only", Retry{MinDelay: 10, MaxDelay: 30, Retries: 3, Backoff: Linear}, 3, map[int]time.Duration{1: 10 * s, 2: 20 * s, 3: 30 * s}},
		{"none", Retry{MinDelay: 20, MaxDelay: 20}, 0, nil},
	} {
		sub := Subscription{Protocol: HTTPS, Settings: Subscribed{HTTP: &HTTP{Retry: &c.r}}}
		p := sub.Attempts(Config{})
		if p.MaxAttempts != c.retries || p.Schedule.Total() > p.MaxAge {
			t.Errorf("%s: %+v", c.name, p)
		}
		for retry, want := range c.delays {
			if got := p.Schedule.Delay(retry); got != want {
				t.Errorf("%s: delay %d is %s, want %s", c.name, retry, got, want)
			}
		}
	}
}

func TestWhoseScheduleHolds(t *testing.T) {
	ofTopic, ofSub := Retry{MinDelay: 1, MaxDelay: 1, Retries: 7, Backoff: Linear}, Retry{MinDelay: 1, MaxDelay: 1, Retries: 9, Backoff: Linear}
	own := Subscription{Protocol: HTTPS, Settings: Subscribed{HTTP: &HTTP{Retry: &ofSub}}}
	for _, c := range []struct {
		name    string
		sub     Subscription
		config  Config
		retries int
	}{
		{"nobody's", Subscription{Protocol: HTTPPlain}, Config{}, 3},
		{"the topic's", Subscription{Protocol: HTTPS}, Config{HTTP: &HTTP{Retry: &ofTopic}}, 7},
		{"the subscription's", own, Config{HTTP: &HTTP{Retry: &ofTopic}}, 9},
		{"the topic's, which allows no other", own, Config{HTTP: &HTTP{Retry: &ofTopic}, OnlyHTTP: true}, 7},
		{"of a queue", Subscription{Protocol: Queue}, Config{HTTP: &HTTP{Retry: &ofTopic}}, 0},
		{"of mail", Subscription{Protocol: Mail}, Config{}, 50},
	} {
		if p := c.sub.Attempts(c.config); p.MaxAttempts != c.retries || p.Schedule.Total() > keepFor {
			t.Errorf("%s: %d retries in %s", c.name, p.MaxAttempts, p.Schedule.Total())
		}
	}
}
