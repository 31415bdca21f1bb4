package sns

import (
	"errors"
	"testing"

	"github.com/carillon-events/carillon/internal/topic"
	"github.com/carillon-events/carillon/internal/wire"
)

// Whatever clients send as a document, an ARN or a token: it is refused in
// words, or means the same when it is read again.
func FuzzWhatClientsSend(f *testing.F) {
	for _, seed := range []string{
		"", "{}", `{"http":{"defaultHealthyRetryPolicy":{"numRetries":5}}}`, `{"healthyRetryPolicy":{"numRetries":1e9}}`, `{"deadLetterTargetArn":null}`,
		`{"MessageRetentionPeriod":"30"}`, `{"PointType":"Timestamp","StartingPoint":"2026-01-02T03:04:05Z"}`, `{"Statement":[{"Effect":"Allow"}]}`,
		topicARN("a"), topicARN("a") + ":8a21d249-4329-4871-acc6-7be709c6ea7f", topicARN("endpoint/GCM/a/8a21d249-4329-4871-acc6-7be709c6ea7f"),
		nextToken("l", "x").V, "https://example.com", "+49170",
	} {
		f.Add(seed)
	}
	call := &wire.Call{Account: account, Region: region}
	f.Fuzz(func(t *testing.T, text string) {
		for _, a := range attributes {
			kept, err := a.checkFor(text, a.fifo)
			var r refusal
			switch {
			case err != nil && !errors.As(err, &r):
				t.Errorf("%s: %v", a.name, err)
			case err == nil:
				if again, err := a.checkFor(kept, a.fifo); err != nil && kept != "" || again != kept {
					t.Errorf("%s: %q is kept as %q, and that as %q, %v", a.name, text, kept, again, err)
				}
			}
		}
		line := about{topic.Name{Account: account, Region: region, Topic: "a.fifo"}, topic.HTTPS, "https"}
		for _, name := range subscriptionAttributes {
			_, err := line.check(name, text)
			var r refusal
			if err != nil && !errors.As(err, &r) {
				t.Errorf("%s: %v", name, err)
			}
		}
		if n, id, err := subscriptionOf(call, text); err == nil && (topic.Subscription{Topic: n, ID: id}).ARN().String() != text {
			t.Errorf("subscription %q is %v %s", text, n, id)
		}
		if n, err := topicOf(call, "TopicArn", text); err == nil && n.ARN().String() != text {
			t.Errorf("topic %q is %v", text, n)
		}
		if app, id, err := endpointOf(call, "EndpointArn", text); err == nil && endpointARN(app, id) != text {
			t.Errorf("endpoint %q is %v %s", text, app, id)
		}
		if app, err := appOf(call, text); err == nil && appARN(app) != text {
			t.Errorf("application %q is %v", text, app)
		}
		if cursor, err := page("l", "NextToken", wire.Some(text)); err == nil && text != "" {
			if again, err := page("l", "NextToken", nextToken("l", cursor)); err != nil || again != cursor {
				t.Errorf("token %q is %q, then %q", text, cursor, again)
			}
		}
		for _, p := range protocols {
			_, _ = targetOf(call, topic.Name{Topic: "a"}, p, text)
		}
	})
}
