package events

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/carillon-events/carillon/internal/bus"
	"github.com/carillon-events/carillon/internal/queue"
)

// The tags by which a bus asks may come with the bus or later; the default bus
// has them too.
func TestARepeatIsAnsweredWithTheFirstEventsID(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := start(t, bus.DefaultLimits)
		a.do("CreateEventBus", `{"Name":"shop","Tags":[{"Key":"carillon:idempotency-window","Value":"10m"}]}`)
		q := a.queue("q", queue.Config{})
		a.do("PutRule", `{"Name":"r","EventBusName":"shop","EventPattern":"{\"source\":[\"s\"]}"}`)
		a.do("PutTargets", `{"Rule":"r","EventBusName":"shop","Targets":[{"Id":"t","Arn":"`+q+`"}]}`)
		entry := func(bus, key string) string {
			return `{"EventBusName":"` + bus + `","Source":"s","DetailType":"d","Detail":"{\"metadata\":{\"idempotency-key\":\"` + key + `\"}}"}`
		}
		put := func(entries string) (ids []string) {
			t.Helper()
			answer := a.do("PutEvents", `{"Entries":[`+entries+`]}`)
			if answer["FailedEntryCount"] == 1.0 == (answer["Entries"].([]any)[0].(map[string]any)["ErrorCode"] == nil) {
				t.Fatalf("%v", answer)
			}
			for _, e := range answer["Entries"].([]any) {
				id, _ := e.(map[string]any)["EventId"].(string)
				ids = append(ids, id)
			}
			return ids
		}
		const refused = `{"EventBusName":"shop","Source":"s","Detail":"{}"},`
		ids := put(refused + entry("shop", "a") + "," + entry("default", "a") + "," + entry("shop", "a"))
		if ids[0] != "" || ids[1] == "" || ids[3] != ids[1] || ids[2] == ids[1] {
			t.Errorf("answered %q", ids)
		}
		time.Sleep(10*time.Minute - time.Second)
		if again := put(entry("shop", "a")); again[0] != ids[1] {
			t.Errorf("within the window answered %q, want %q", again, ids[1])
		}
		time.Sleep(time.Second)
		if again := put(entry("shop", "a")); again[0] == ids[1] {
			t.Errorf("after the window answered %q", again)
		}
		if got := a.received("q"); len(got) != 2 {
			t.Errorf("received %q", got)
		}

		const arn = `"arn:aws:events:eu-west-1:111122223333:event-bus/default"`
		first := put(entry("default", "b") + "," + entry("default", "b"))
		a.do("TagResource", `{"ResourceARN":`+arn+`,"Tags":[{"Key":"carillon:idempotency-key-path","Value":"$.detail.metadata.idempotency-key"}]}`)
		asked := put(entry("default", "b") + "," + entry("default", "b"))
		a.do("UntagResource", `{"ResourceARN":`+arn+`,"TagKeys":["carillon:idempotency-key-path"]}`)
		last := put(entry("default", "b") + "," + entry("default", "b"))
		if first[0] == first[1] || asked[0] != asked[1] || asked[0] == first[0] || last[0] == last[1] {
			t.Errorf("before %q, while it asks %q, after %q", first, asked, last)
		}
		a.refused("TagResource", `{"ResourceARN":`+arn+`,"Tags":[{"Key":"carillon:idempotency-window","Value":"soon"}]}`, "ValidationException",
			`Parameter Tags is not valid. Reason: Tag carillon:idempotency-window: "soon" is no duration from 1s to 24h, such as 5m.`)
	})
}

func TestARepeatOfAPartnersEvent(t *testing.T) {
	a := start(t, bus.DefaultLimits)
	p := a.as(partner)
	p.do("CreatePartnerEventSource", `{"Name":"`+source+`","Account":"`+customer+`"}`)
	a.do("CreateEventBus", `{"Name":"`+source+`","EventSourceName":"`+source+`","Tags":[{"Key":"carillon:idempotency-key-path","Value":"$.detail.id"}]}`)
	entry := `{"Source":"` + source + `","DetailType":"d","Detail":"{\"id\":7}"}`
	answer := p.do("PutPartnerEvents", `{"Entries":[{"Source":"aws.partner/no/body","DetailType":"d","Detail":"{}"},`+entry+`,`+entry+`]}`)["Entries"].([]any)
	first, second := answer[1].(map[string]any)["EventId"], answer[2].(map[string]any)["EventId"]
	if first == nil || first != second {
		t.Errorf("%v", answer)
	}
}
