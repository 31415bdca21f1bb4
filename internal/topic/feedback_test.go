package topic

import (
	"fmt"
	"testing"
)

func TestASampleIsThatPartOfTheMessages(t *testing.T) {
	for _, c := range []struct{ rate, least, most int }{{0, 0, 0}, {1, 50, 150}, {30, 2700, 3300}, {99, 9800, 9999}, {100, 10_000, 10_000}} {
		n, f := 0, Feedback{Successes: c.rate}
		for i := range 10_000 {
			id := fmt.Sprintf("message-%d", i)
			if f.Wants(id, true) {
				t.Fatal(id)
			}
			if f.Wants(id, false) {
				n++
			}
		}
		if n < c.least || n > c.most {
			t.Errorf("%d of 10,000 messages at %d %%", n, c.rate)
		}
	}
	config := Config{Feedback: map[Protocol]Feedback{HTTPS: {Failures: true}}}
	if !config.FeedbackFor(HTTPPlain).Failures || !config.FeedbackFor(HTTPS).Failures || config.FeedbackFor(Queue).Failures {
		t.Error("HTTP is not both, or more")
	}
}
