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
	for _, f := range filters {
		if f.Pattern == "" {
			continue
		}
		p, err := oracle.Parse(f.Pattern)
		if err != nil {
			t.Fatalf("%s: %v", f.Queue, err)
		}
		matched := 0
		for i := range events {
			e := &events[i]
			envelope := event.Event{ID: "id", DetailType: e.DetailType, Source: "github", Account: "000000000000", Region: region, Time: time.Unix(0, 0), Detail: e.Detail}
			want, err := p.Match(envelope.Append(nil))
			if err != nil {
				t.Fatal(err)
			}
			if f.Matches(e) != want {
				t.Errorf("%s: the predicate says %v of event %d (%s), the pattern %v", f.Queue, !want, i, e.DetailType, want)
			}
			if want {
				matched++
			}
		}
		if matched == 0 || matched == len(events) {
			t.Errorf("%s matches %d of %d events: it shows nothing", f.Queue, matched, len(events))
		}
	}
}

func TestAPayloadThatATopicRefusesIsLeftOut(t *testing.T) {
	events := fromPayloads([]githubwebhooks.Payload{
		{Event: "a", Body: `[1]`}, {Event: "b", Body: `{"x":"` + strings.Repeat("x", maxPayload) + `"}`}, {Event: "c", Body: `{}`},
	})
	if len(events) != 1 || events[0].DetailType != "c" {
		t.Errorf("%d events are left", len(events))
	}
}

func TestAReceivedMessageIsKnownByItsDeliveryAndComparedWhole(t *testing.T) {
	h := &hooks{source: "s", events: fromPayloads([]githubwebhooks.Payload{{Event: "star", Body: `{"a":1}`}})}
	message := func(source, detailType, resource, detail string) string {
		return `{"id":"i","source":"` + source + `","detail-type":"` + detailType + `","resources":["` + resource + `"],"detail":` + detail + `}`
	}
	first := "webhook/github/" + deliveryID(0)
	if r := h.read(message("s", "star", first, `{"a":1}`)); r.Event != 0 || r.ID != "i" || !r.Intact {
		t.Errorf("a good message is read as %+v", r)
	}
	for name, body := range map[string]string{
		"other source":  message("x", "star", first, `{"a":1}`),
		"other type":    message("s", "x", first, `{"a":1}`),
		"other detail":  message("s", "star", first, `{"a":2}`),
		"no such event": message("s", "star", "webhook/github/"+deliveryID(1), `{"a":1}`),
		"no delivery":   message("s", "star", "x", `{"a":1}`),
		"no JSON":       `{`,
	} {
		if r := h.read(body); r.Intact {
			t.Errorf("%s: read as %+v", name, r)
		}
	}
}
