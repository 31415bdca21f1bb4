package events

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/carillon-events/carillon/internal/bus"
	"github.com/carillon-events/carillon/internal/queue"
	"github.com/carillon-events/carillon/internal/wire"
)

const (
	partner  = "999999999999"
	customer = "111122223333"
	source   = "aws.partner/example.com/shop/billing"
)

// as is the same API called by another account.
func (a *api) as(account string) *api {
	other := *a
	other.call.Account = account
	return &other
}

func TestAPartnersEventsArriveOnTheBusOfTheAccount(t *testing.T) {
	a := start(t, bus.DefaultLimits)
	p := a.as(partner)
	p.want("CreatePartnerEventSource", `{"Name":"`+source+`","Account":"`+customer+`"}`, `{"EventSourceArn":"arn:aws:events:eu-west-1::event-source/`+source+`"}`)
	put := func(n int) string {
		t.Helper()
		answer := p.do("PutPartnerEvents", fmt.Sprintf(`{"Entries":[{"Source":%q,"DetailType":"paid","Resources":["r"],"Time":1513968228,"Detail":"{\"n\":%d}"}]}`, source, n))
		if answer["FailedEntryCount"] != 0.0 {
			t.Fatalf("%v", answer)
		}
		return answer["Entries"].([]any)[0].(map[string]any)["EventId"].(string)
	}
	put(1) // nobody is there
	a.do("CreateEventBus", `{"Name":"`+source+`","EventSourceName":"`+source+`"}`)
	q := a.queue("q", queue.Config{})
	a.do("PutRule", `{"Name":"r","EventBusName":"`+source+`","EventPattern":"{\"source\":[{\"prefix\":\"aws.partner/\"}]}"}`)
	a.do("PutTargets", `{"Rule":"r","EventBusName":"`+source+`","Targets":[{"Id":"t","Arn":"`+q+`"}]}`)
	id := put(2)
	a.do("DeactivateEventSource", `{"Name":"`+source+`"}`)
	put(3)
	a.do("ActivateEventSource", `{"Name":"`+source+`"}`)
	put(4)
	p.do("DeletePartnerEventSource", `{"Name":"`+source+`","Account":"`+customer+`"}`)
	answer := p.do("PutPartnerEvents", `{"Entries":[{"Source":"`+source+`","DetailType":"d","Detail":"{}"}]}`)
	if answer["FailedEntryCount"] != 1.0 {
		t.Errorf("an event of a deleted source: %v", answer)
	}
	want := `{"version":"0","id":"` + id + `","detail-type":"paid","source":"` + source + `","account":"` + customer +
		`","time":"2017-12-22T18:43:48Z","region":"eu-west-1","resources":["r"],"detail":{"n":2}}`
	if got := a.received("q"); len(got) != 2 || got[0] != want || !strings.Contains(got[1], `{"n":4}`) {
		t.Errorf("received %q", got)
	}
}

func TestEventSourcesAreSeenFromBothSides(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // for the times
		a := start(t, bus.DefaultLimits)
		p := a.as(partner)
		arn := `"arn:aws:events:eu-west-1::event-source/` + source + `"`
		p.do("CreatePartnerEventSource", `{"Name":"`+source+`","Account":"`+customer+`"}`)
		p.do("CreatePartnerEventSource", `{"Name":"`+source+`","Account":"222222222222"}`)
		p.do("CreatePartnerEventSource", `{"Name":"`+source+`.x","Account":"222222222222"}`)
		a.do("CreateEventBus", `{"Name":"`+source+`","EventSourceName":"`+source+`"}`)
		const at, end = `946684800`, `947894400` // where a bubble's time begins, and two weeks later

		p.want("DescribePartnerEventSource", `{"Name":"`+source+`"}`, `{"Arn":`+arn+`,"Name":"`+source+`"}`)
		p.want("ListPartnerEventSources", `{"NamePrefix":"aws.partner/example.com/","Limit":1}`, `{"PartnerEventSources":[{"Arn":`+arn+`,"Name":"`+source+`"}],"NextToken":"`+nextToken("ListPartnerEventSources", true, source).V+`"}`)
		p.want("ListPartnerEventSourceAccounts", `{"EventSourceName":"`+source+`"}`, `{"PartnerEventSourceAccounts":[{"Account":"`+customer+`","CreationTime":`+at+`,"State":"ACTIVE"},{"Account":"222222222222","CreationTime":`+at+`,"ExpirationTime":`+end+`,"State":"PENDING"}]}`)
		first := p.do("ListPartnerEventSourceAccounts", `{"EventSourceName":"`+source+`","Limit":1}`)
		second := p.do("ListPartnerEventSourceAccounts", fmt.Sprintf(`{"EventSourceName":%q,"Limit":1,"NextToken":%q}`, source, first["NextToken"]))
		if got := second["PartnerEventSourceAccounts"].([]any); len(got) != 1 || got[0].(map[string]any)["Account"] != "222222222222" || second["NextToken"] != nil {
			t.Errorf("second page %v", second)
		}
		a.want("DescribeEventSource", `{"Name":"`+source+`"}`, `{"Arn":`+arn+`,"CreatedBy":"example.com","CreationTime":`+at+`,"Name":"`+source+`","State":"ACTIVE"}`)
		a.want("ListEventSources", `{"NamePrefix":"aws.partner/"}`, `{"EventSources":[{"Arn":`+arn+`,"CreatedBy":"example.com","CreationTime":`+at+`,"Name":"`+source+`","State":"ACTIVE"}]}`)
		p.do("DeletePartnerEventSource", `{"Name":"`+source+`","Account":"`+customer+`"}`)
		if got := a.do("DescribeEventSource", `{"Name":"`+source+`"}`); got["State"] != "DELETED" {
			t.Errorf("%v", got)
		}
		a.do("DeleteEventBus", `{"Name":"`+source+`"}`)
		a.refused("DescribeEventSource", `{"Name":"`+source+`"}`, "ResourceNotFoundException", "Event source "+source+" does not exist.")
	})
}

func TestWhatCannotBeDoneWithAnEventSourceIsRefused(t *testing.T) {
	a := start(t, bus.Limits{Buses: 10, Sources: 1})
	p := a.as(partner)
	named := `{"Name":"` + source + `"}`
	notThere := "Event source " + source + " does not exist."
	for _, operation := range []string{"DescribeEventSource", "ActivateEventSource", "DeactivateEventSource", "DescribePartnerEventSource"} {
		a.refused(operation, named, "ResourceNotFoundException", notThere)
	}
	a.refused("ListPartnerEventSourceAccounts", `{"EventSourceName":"`+source+`"}`, "ResourceNotFoundException", notThere)
	a.refused("CreateEventBus", `{"Name":"`+source+`","EventSourceName":"`+source+`"}`, "ResourceNotFoundException", notThere)
	p.do("CreatePartnerEventSource", `{"Name":"`+source+`","Account":"`+customer+`"}`)
	p.refused("CreatePartnerEventSource", `{"Name":"`+source+`","Account":"`+customer+`"}`, "ResourceAlreadyExistsException", "Event source "+source+" already exists.")
	p.refused("CreatePartnerEventSource", `{"Name":"`+source+`2","Account":"`+customer+`"}`, "LimitExceededException", overLimit)
	a.refused("CreateEventBus", `{"Name":"mine","EventSourceName":"`+source+`"}`, "ValidationException", "Parameter Name is not valid. Reason: The name of a partner event bus must be that of its event source.")
	a.refused("ActivateEventSource", named, "InvalidStateException", "Event source "+source+" is not in a valid state for this operation.")
	a.refused("DescribePartnerEventSource", named, "ResourceNotFoundException", notThere) // it is another's
	a.do("DeletePartnerEventSource", `{"Name":"`+source+`","Account":"`+customer+`"}`)    // likewise: nothing to delete
	p.do("DescribePartnerEventSource", named)
}

func TestEntriesOfPutPartnerEventsAreRefusedOneByOne(t *testing.T) {
	a := start(t, bus.DefaultLimits)
	p := a.as(partner)
	p.do("CreatePartnerEventSource", `{"Name":"`+source+`","Account":"`+customer+`"}`)
	good := `{"Source":"` + source + `","DetailType":"d","Detail":"{}"}`
	for entry, want := range map[string]string{
		`{"DetailType":"d","Detail":"{}"}`:                                   "InvalidArgument: Parameter Source is not valid. Reason: Source is a required argument.",
		`{"Source":"` + source + `","Detail":"{}"}`:                          "InvalidArgument: Parameter DetailType is not valid. Reason: DetailType is a required argument.",
		`{"Source":"` + source + `","DetailType":"d"}`:                       "InvalidArgument: Parameter Detail is not valid. Reason: Detail is a required argument.",
		`{"Source":"` + source + `","DetailType":"d","Detail":"[]"}`:         "MalformedDetail: Detail is malformed.",
		`{"Source":"aws.partner/else/where","DetailType":"d","Detail":"{}"}`: "NotAuthorizedForSourceException: Not authorized for the source.",
	} {
		answer := p.do("PutPartnerEvents", `{"Entries":[`+good+`,`+entry+`]}`)
		entries := answer["Entries"].([]any)
		ok, bad := entries[0].(map[string]any), entries[1].(map[string]any)
		if got := fmt.Sprint(bad["ErrorCode"], ": ", bad["ErrorMessage"]); got != want || ok["EventId"] == nil || answer["FailedEntryCount"] != 1.0 {
			t.Errorf("%s\nis answered with %v\nwant             %s", entry, answer, want)
		}
	}
	large := `{"Source":"` + source + `","DetailType":"d","Detail":` + quoted(`{"a":"`+strings.Repeat("x", 1<<20)+`"}`) + `}`
	p.refused("PutPartnerEvents", `{"Entries":[`+large+`]}`, "ValidationException", "Total size of the entries in the request is over the limit.")
}

func TestPutPartnerEventsAsksAboutEverySource(t *testing.T) {
	a := start(t, bus.DefaultLimits)
	var asked []string
	a.call.Decide = func(_ context.Context, _ *wire.Call, action, resource string) error {
		asked = append(asked, action+" "+resource)
		return nil
	}
	entry := func(name string) string {
		return `{"Source":"aws.partner/p/` + name + `","DetailType":"d","Detail":"{}"}`
	}
	a.do("PutPartnerEvents", `{"Entries":[`+entry("a")+`,`+entry("a")+`,`+entry("b")+`]}`)
	want := "[events:PutPartnerEvents arn:aws:events:eu-west-1::event-source/aws.partner/p/a events:PutPartnerEvents arn:aws:events:eu-west-1::event-source/aws.partner/p/b]"
	if fmt.Sprint(asked) != want {
		t.Errorf("asked %v, want %s", asked, want)
	}
}
