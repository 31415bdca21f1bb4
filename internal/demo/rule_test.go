package demo

import (
	"strings"
	"testing"
	"time"

	githubwebhooks "github.com/carillon-events/carillon/examples/github-webhooks"
	"github.com/carillon-events/carillon/internal/event"
	"github.com/carillon-events/carillon/internal/pattern/oracle"
)

func realEvents(t *testing.T) []Event {
	t.Helper()
	payloads, err := githubwebhooks.All()
	if err != nil {
		t.Fatal(err)
	}
	events := fromPayloads(payloads)
	if len(events) != len(payloads) {
		t.Fatalf("%d payloads are %d events", len(payloads), len(events))
	}
	return events
}

func TestThePredicatesSayWhatThePatternsSay(t *testing.T) {
	events := realEvents(t)
	for _, r := range rules {
		p, err := oracle.Parse(r.Pattern)
		if err != nil {
			t.Fatalf("%s: %v", r.Name, err)
		}
		matched := 0
		for i := range events {
			e := &events[i]
			envelope := event.Event{ID: "id", DetailType: e.DetailType, Source: source, Account: "000000000000", Region: region, Time: time.Unix(0, 0), Detail: e.Detail}
			want, err := p.Match(envelope.Append(nil))
			if err != nil {
				t.Fatal(err)
			}
			if r.Matches(e) != want {
				t.Errorf("%s: the predicate says %v of event %d (%s), the pattern %v", r.Name, !want, i, e.DetailType, want)
			}
			if want {
				matched++
			}
		}
		if matched == 0 || matched == len(events) && r.Name != "everything" {
			t.Errorf("%s matches %d of %d events: it shows nothing", r.Name, matched, len(events))
		}
	}
}

func TestBatchesHoldEveryEventOnceWithinTheLimits(t *testing.T) {
	events := realEvents(t)
	for range 5 { // some that fill a batch alone
		events = append(events, Event{DetailType: "large", Detail: strings.Repeat("x", maxRequest-100)})
	}
	next := 0
	for _, batch := range batches(events) {
		size := 0
		for _, i := range batch {
			if i != next {
				t.Fatalf("event %d comes where %d should", i, next)
			}
			next++
			size += events[i].size()
		}
		if len(batch) > maxEntries || size > maxRequest {
			t.Errorf("a batch of %d entries and %d bytes", len(batch), size)
		}
	}
	if next != len(events) {
		t.Errorf("%d of %d events are in batches", next, len(events))
	}
}

func TestAPayloadThatEventBridgeRefusesIsLeftOut(t *testing.T) {
	events := fromPayloads([]githubwebhooks.Payload{
		{Event: "a", Body: `[1]`}, {Event: "b", Body: `{"x":"` + strings.Repeat("x", maxRequest) + `"}`}, {Event: "c", Body: `{}`},
	})
	if len(events) != 1 || events[0].DetailType != "c" {
		t.Errorf("%d events are left", len(events))
	}
}

func TestAReceivedMessageIsKnownByItsDeliveryAndComparedWhole(t *testing.T) {
	events := fromPayloads([]githubwebhooks.Payload{{Event: "star", Body: `{"a":1}`}})
	s := &story{events: events}
	message := func(source, detailType, delivery, detail string) string {
		return `{"id":"i","source":"` + source + `","detail-type":"` + detailType + `","resources":["` + delivery + `"],"detail":` + detail + `}`
	}
	if r := s.read(message(source, "star", delivery(0), `{"a":1}`)); r.Event != 0 || r.ID != "i" || !r.Intact {
		t.Errorf("a good message is read as %+v", r)
	}
	for name, body := range map[string]string{
		"other source":  message("x", "star", delivery(0), `{"a":1}`),
		"other type":    message(source, "x", delivery(0), `{"a":1}`),
		"other detail":  message(source, "star", delivery(0), `{"a":2}`),
		"no such event": message(source, "star", delivery(1), `{"a":1}`),
		"no delivery":   message(source, "star", "x", `{"a":1}`),
		"no JSON":       `{`,
	} {
		if r := s.read(body); r.Intact {
			t.Errorf("%s: read as %+v", name, r)
		}
	}
}
