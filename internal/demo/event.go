package demo

import (
	"encoding/json"
	"strconv"
	"strings"

	githubwebhooks "github.com/carillon-events/carillon/examples/github-webhooks"
)

// Event is one payload as an event on the bus.
type Event struct {
	DetailType string
	Detail     string         // the payload, byte for byte
	Payload    map[string]any // the same, decoded, for the filters' predicates
}

// maxPayload leaves room for the envelope in a message of a topic.
const maxPayload = 250 << 10

func fromPayloads(payloads []githubwebhooks.Payload) []Event {
	var events []Event
	for _, p := range payloads {
		e := Event{DetailType: p.Event, Detail: p.Body}
		if json.Unmarshal([]byte(p.Body), &e.Payload) != nil || len(p.Body) > maxPayload {
			continue // a topic takes messages up to a size
		}
		events = append(events, e)
	}
	return events
}

func kinds(events []Event) int {
	seen := map[string]bool{}
	for _, e := range events {
		seen[e.DetailType] = true
	}
	return len(seen)
}

// deliveryID is what the sender of event number i calls its delivery.
func deliveryID(i int) string { return "demo-" + strconv.Itoa(i) }

// deliveryPrefix is before it in the resources of the event.
const deliveryPrefix = "webhook/github/demo-"

func deliveryNumber(resource string) (int, bool) {
	digits, ok := strings.CutPrefix(resource, deliveryPrefix)
	if !ok {
		return 0, false
	}
	i, err := strconv.Atoi(digits)
	return i, err == nil && i >= 0
}

// at walks into a payload; nil where there is nothing.
func at(payload map[string]any, path ...string) any {
	var v any = payload
	for _, key := range path {
		object, ok := v.(map[string]any)
		if !ok {
			return nil
		}
		v = object[key]
	}
	return v
}
