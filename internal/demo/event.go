package demo

import (
	"encoding/json"
	"strconv"
	"strings"

	githubwebhooks "github.com/carillon-events/carillon/examples/github-webhooks"
	"github.com/carillon-events/carillon/internal/event"
)

// Event is one payload as an event on the bus.
type Event struct {
	DetailType string
	Detail     string         // the payload, byte for byte
	Payload    map[string]any // the same, decoded, for the rules' predicates
}

// source is what GitHub's webhooks usually carry on EventBridge.
const source = "github.com"

func fromPayloads(payloads []githubwebhooks.Payload) []Event {
	var events []Event
	for _, p := range payloads {
		e := Event{DetailType: p.Event, Detail: p.Body}
		if json.Unmarshal([]byte(p.Body), &e.Payload) != nil || e.size() > maxRequest {
			continue // EventBridge takes JSON objects up to a size; so do we
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

// delivery names event number i in its resources, so that what arrives can be
// told apart although the payload travels unchanged.
func delivery(i int) string { return deliveryPrefix + strconv.Itoa(i) }

const deliveryPrefix = "github-delivery/"

func deliveryNumber(resource string) (int, bool) {
	digits, ok := strings.CutPrefix(resource, deliveryPrefix)
	if !ok {
		return 0, false
	}
	i, err := strconv.Atoi(digits)
	return i, err == nil && i >= 0
}

func (e *Event) size() int {
	return event.Size(false, source, e.DetailType, e.Detail, []string{delivery(1_000_000)})
}

// The limits of one PutEvents, the older and smaller one where AWS raised it.
const (
	maxEntries = 10
	maxRequest = 256 << 10
)

// batches cuts the events, in order, into requests that EventBridge takes. A
// batch is the numbers of its events.
func batches(events []Event) [][]int {
	var all [][]int
	var batch []int
	size := 0
	for i := range events {
		n := events[i].size()
		if len(batch) == maxEntries || len(batch) > 0 && size+n > maxRequest {
			all, batch, size = append(all, batch), nil, 0
		}
		batch, size = append(batch, i), size+n
	}
	if len(batch) > 0 {
		all = append(all, batch)
	}
	return all
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
