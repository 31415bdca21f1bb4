package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"

	"github.com/carillon-events/carillon/internal/server"
	"github.com/carillon-events/carillon/internal/store"
)

func TestAnEventIsShownExplainedAndFound(t *testing.T) {
	r, _ := running(t, func(c *server.Config) { c.Durability = store.Memory })
	client := eventbridge.NewFromConfig(aws.Config{
		Region: "eu-west-1", BaseEndpoint: &r.URL, Credentials: credentials.NewStaticCredentialsProvider("000000000000", "x", ""),
	})
	const missing = "arn:aws:sqs:eu-west-1:000000000000:missing"
	for name, pattern := range map[string]string{"shop": `{"source": ["shop"]}`, "big": `{"detail": {"n": [{"numeric": [">", 100]}]}}`} {
		_, err := client.PutRule(t.Context(), &eventbridge.PutRuleInput{Name: &name, EventPattern: &pattern})
		if err == nil {
			_, err = client.PutTargets(t.Context(), &eventbridge.PutTargetsInput{Rule: &name, Targets: []types.Target{{Id: aws.String("t"), Arn: aws.String(missing)}}})
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	out, err := client.PutEvents(t.Context(), &eventbridge.PutEventsInput{Entries: []types.PutEventsRequestEntry{
		{Source: aws.String("shop"), DetailType: aws.String("Order\x1b[31m"), Detail: aws.String(`{"n": 5}`)},
		{Source: aws.String("bank"), DetailType: aws.String("Order"), Detail: aws.String(`{"n": 5}`), EventBusName: aws.String("none")},
	}})
	if err != nil || out.FailedEntryCount != 0 {
		t.Fatal(err, out)
	}
	id, lost := *out.Entries[0].EventId, *out.Entries[1].EventId
	at := []string{"--endpoint", r.URL}
	run := func(args ...string) (string, error) {
		return carillon(t.Context(), append(append([]string{"events"}, args...), at...)...)
	}

	want(t, id+`  shop: Order`, `{"n":5}`, "└─ bus default of 000000000000 in eu-west-1", "   ├─ ✓ rule shop\n   │  └─ t → "+missing+": waiting\n", "attempt 1: waiting, target is not available",
		"   └─ ✗ rule big: detail.n: 5 is not > 100")(run("show", id))
	if text, _ := run("show", id); strings.Contains(text, "\x1b") {
		t.Errorf("a control character in %q", text)
	}
	want(t, "there was no such bus")(run("show", lost))
	refused(t, "does not have this event")(run("show", "nonsense"))
	refused(t, "needs ID")(run("show"))

	want(t, "Rule big on bus default did not match the event.", "Its pattern as it is now:\n✗")(run("explain", id, "--rule", "big"))
	want(t, "Rule shop on bus default matched the event.")(run("explain", id, "--rule", "shop", "--bus", "default"))
	refused(t, "needs --rule")(run("explain", id))

	want(t, id, "shop (waiting)", lost, "no such bus")(run("find"))
	want(t, "no such event")(run("find", "--outcome", "dropped"))
	want(t, "no such event")(run("find", "--until", "1h"))
	refused(t, "--since", "yesterday")(run("find", "--since", "yesterday"))
	refused(t, "pattern")(run("find", "--pattern", "{"))
	refused(t, "--limit 0")(run("find", "--limit", "0"))

	var event server.TrailEvent
	text, err := run("find", "--rule", "shop", "--since", "10m", "--json")
	if err != nil || json.Unmarshal([]byte(text), &event) != nil || event.EventID != id {
		t.Errorf("%v: %s", err, text)
	}
	var answer server.TrailAnswer
	text, err = run("show", id, "--json")
	if err != nil || json.Unmarshal([]byte(text), &answer) != nil || fmt.Sprint(answer.Passages[0].Unmatched[0].Rule) != "big" {
		t.Errorf("%v: %s", err, text)
	}
	var x server.TrailExplanation
	text, err = run("explain", id, "--rule", "big", "--json")
	if err != nil || json.Unmarshal([]byte(text), &x) != nil || x.Matched || x.Explanation == nil {
		t.Errorf("%v: %s", err, text)
	}
}
