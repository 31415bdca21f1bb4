package events

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/carillon-events/carillon/internal/bus"
	"github.com/carillon-events/carillon/internal/queue"
	"github.com/carillon-events/carillon/internal/wire"
)

const theirBus = "arn:aws:events:eu-west-1:999999999999:event-bus/"

// neighbour makes two buses of account 999999999999, and a queue of the events
// that account 111122223333 puts on the first.
func neighbour(t *testing.T) *api {
	a := start(t, bus.DefaultLimits)
	ours := a.call
	a.call.Account = "999999999999"
	q := a.queue("q", queue.Config{})
	a.do("CreateEventBus", `{"Name":"open"}`)
	a.do("CreateEventBus", `{"Name":"shut"}`)
	a.do("PutRule", `{"Name":"r","EventBusName":"open","EventPattern":"{\"account\":[\"111122223333\"]}"}`)
	a.do("PutTargets", `{"Rule":"r","EventBusName":"open","Targets":[{"Id":"t","Arn":"`+q+`"}]}`)
	a.call = ours
	return a
}

func entriesFor(buses ...string) string {
	var entries []string
	for _, b := range buses {
		entries = append(entries, fmt.Sprintf(`{"Source":"s","DetailType":"d","Detail":"{}","EventBusName":%q}`, b))
	}
	return `{"Entries":[` + strings.Join(entries, ",") + `]}`
}

func TestAnEventForTheBusOfAnotherAccountIsOneOfItsSender(t *testing.T) {
	a := neighbour(t)
	got := a.do("PutEvents", entriesFor(theirBus+"open", theirBus+"none", "default", theirBus+"open"))
	entries := got["Entries"].([]any)
	want := "map[ErrorCode:AccessDeniedException ErrorMessage:Not authorized to put events on " + theirBus + "none.]"
	if got["FailedEntryCount"] != 1.0 || fmt.Sprint(entries[1]) != want {
		t.Errorf("answered %v", got)
	}
	a.call.Account = "999999999999"
	events := a.received("q")
	if len(events) != 2 || !strings.Contains(events[0], `"account":"111122223333"`) {
		t.Errorf("received %q", events)
	}
}

func TestWhetherAnEventMayGoToAnotherAccountIsAskedOfItsBus(t *testing.T) {
	a := neighbour(t)
	var asked []string
	a.call.Decide = func(_ context.Context, _ *wire.Call, action, resource string) error {
		asked = append(asked, resource)
		if action != "events:PutEvents" || strings.HasSuffix(resource, "/shut") {
			return &wire.Error{Code: "AccessDeniedException", Message: "no"}
		}
		return nil
	}
	got := a.do("PutEvents", entriesFor(theirBus+"shut", theirBus+"open", "default", theirBus+"shut"))
	want := "map[ErrorCode:AccessDeniedException ErrorMessage:Not authorized to put events on " + theirBus + "shut.]"
	entries := got["Entries"].([]any)
	if got["FailedEntryCount"] != 2.0 || fmt.Sprint(entries[0]) != want || fmt.Sprint(entries[3]) != want {
		t.Errorf("answered %v", got)
	}
	if want := []string{"arn:aws:events:eu-west-1:111122223333:event-bus/default", theirBus + "shut", theirBus + "open"}; !slices.Equal(asked, want) {
		t.Errorf("asked about %q, want %q", asked, want)
	}
	a.refused("PutEvents", entriesFor(theirBus+"shut"), "AccessDeniedException", "no")
}
