package events

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/carillon-events/carillon/internal/bus"
	"github.com/carillon-events/carillon/internal/queue"
)

const (
	here    = "arn:aws:events:eu-west-1:111122223333:event-bus/orders"
	there   = "arn:aws:events:us-east-1:111122223333:event-bus/orders"
	health  = "arn:aws:route53:::healthcheck/abc-1"
	role    = "arn:aws:iam::111122223333:role/r"
	routing = `"RoutingConfig":{"FailoverConfig":{"Primary":{"HealthCheck":"` + health + `"},"Secondary":{"Route":"us-east-1"}}}`
)

func endpointBody(name, one, two, more string) string {
	return fmt.Sprintf(`{"Name":%q,"EventBuses":[{"EventBusArn":%q},{"EventBusArn":%q}],%s%s}`, name, one, two, routing, more)
}

// twins are buses of one name in two regions, each with a queue of all its
// events.
func twins(t *testing.T) (a *api, in func(region string)) {
	a = start(t, bus.DefaultLimits)
	in = func(region string) { a.call.Region = region }
	for _, region := range []string{"us-east-1", "eu-west-1"} {
		in(region)
		q := a.queue("q", queue.Config{})
		a.do("CreateEventBus", `{"Name":"orders"}`)
		a.do("PutRule", `{"Name":"all","EventBusName":"orders","EventPattern":"{\"source\":[{\"prefix\":\"\"}]}"}`)
		a.do("PutTargets", `{"Rule":"all","EventBusName":"orders","Targets":[{"Id":"t","Arn":"`+q+`"}]}`)
	}
	return a, in
}

func (a *api) endpointID(name string) string {
	a.t.Helper()
	return a.do("DescribeEndpoint", `{"Name":"`+name+`"}`)["EndpointId"].(string)
}

func TestAGlobalEndpointIsShownAsItWasMade(t *testing.T) {
	a, in := twins(t)
	a.want("CreateEndpoint", endpointBody("e", there, here, `,"Description":"d","RoleArn":"`+role+`"`),
		`{"Name":"e","Arn":"arn:aws:events:eu-west-1:111122223333:endpoint/e",`+routing+`,"ReplicationConfig":{"State":"ENABLED"},`+
			`"EventBuses":[{"EventBusArn":"`+there+`"},{"EventBusArn":"`+here+`"}],"RoleArn":"`+role+`","State":"ACTIVE"}`)
	a.refused("CreateEndpoint", endpointBody("e", here, there, `,"RoleArn":"`+role+`"`), "ResourceAlreadyExistsException", "Endpoint e already exists.")

	shown := a.do("DescribeEndpoint", `{"Name":"e"}`)
	id := shown["EndpointId"].(string)
	if !regexp.MustCompile(`^[a-z2-7]{10}\.veo$`).MatchString(id) || shown["EndpointUrl"] != "https://"+id+".endpoint.events.amazonaws.com" ||
		shown["Description"] != "d" || shown["CreationTime"] != shown["LastModifiedTime"] {
		t.Errorf("described: %v", shown)
	}
	a.do("CreateEndpoint", endpointBody("f", here, there, `,"ReplicationConfig":{"State":"DISABLED"}`))
	if other := a.endpointID("f"); other == id {
		t.Errorf("two endpoints have the id %s", id)
	}
	first := a.do("ListEndpoints", `{"MaxResults":1}`)
	second := a.do("ListEndpoints", fmt.Sprintf(`{"NextToken":%q}`, first["NextToken"]))
	if got := fmt.Sprint(names1(first), names1(second), second["NextToken"]); got != "[e] [f] <nil>" {
		t.Errorf("listed: %s", got)
	}
	in("us-east-1")
	a.refused("DescribeEndpoint", `{"Name":"e"}`, "ResourceNotFoundException", "Endpoint e does not exist.")
	a.do("DescribeEndpoint", `{"Name":"e","HomeRegion":"eu-west-1"}`)
	if got := names1(a.do("ListEndpoints", `{"HomeRegion":"eu-west-1","NamePrefix":"f"}`)); fmt.Sprint(got) != "[f]" {
		t.Errorf("listed from the other region: %s", got)
	}
}

func names1(list map[string]any) (names []any) {
	for _, e := range list["Endpoints"].([]any) {
		names = append(names, e.(map[string]any)["Name"])
	}
	return names
}

func TestAnUpdateOfAnEndpointChangesWhatItNames(t *testing.T) {
	a, _ := twins(t)
	a.refused("UpdateEndpoint", `{"Name":"e"}`, "ResourceNotFoundException", "Endpoint e does not exist.")
	a.do("CreateEndpoint", endpointBody("e", here, there, `,"Description":"d","RoleArn":"`+role+`"`))
	id := a.endpointID("e")
	got := a.do("UpdateEndpoint", `{"Name":"e","ReplicationConfig":{"State":"DISABLED"},"EventBuses":[{"EventBusArn":"`+there+`"},{"EventBusArn":"`+here+`"}]}`)
	if got["EndpointId"] != id || got["RoleArn"] != role || fmt.Sprint(got["ReplicationConfig"], got["EventBuses"]) != "map[State:DISABLED] [map[EventBusArn:"+there+"] map[EventBusArn:"+here+"]]" {
		t.Errorf("updated: %v", got)
	}
	if d := a.do("DescribeEndpoint", `{"Name":"e"}`)["Description"]; d != "d" {
		t.Errorf("description %v", d)
	}
	a.do("CreateEventBus", `{"Name":"b"}`)
	a.refused("UpdateEndpoint", `{"Name":"e","EventBuses":[{"EventBusArn":"`+there+`"},{"EventBusArn":"`+strings.Replace(here, "orders", "b", 1)+`"}]}`,
		"ValidationException", "Parameter EventBuses is not valid. Reason: The names of the event buses must be identical.")
	a.do("DeleteEndpoint", `{"Name":"e"}`)
	a.refused("DeleteEndpoint", `{"Name":"e"}`, "ResourceNotFoundException", "Endpoint e does not exist.")
	a.do("DeleteEventBus", `{"Name":"b"}`)
}

func TestEndpointsThatMakeNoSenseAreRefused(t *testing.T) {
	a, _ := twins(t)
	replicated := `,"RoleArn":"` + role + `"`
	arn := func(region, account, name string) string {
		return "arn:aws:events:" + region + ":" + account + ":event-bus/" + name
	}
	for _, c := range []struct{ name, body, message string }{
		{"no role for replication", endpointBody("e", here, there, ``), "RoleArn is not valid. Reason: It must be specified where event replication is enabled, which is the default."},
		{"two names", endpointBody("e", here, arn("us-east-1", "111122223333", "b"), replicated), "EventBuses is not valid. Reason: The names of the event buses must be identical."},
		{"another account", endpointBody("e", here, arn("us-east-1", "999999999999", "orders"), replicated), "EventBuses is not valid. Reason: Both event buses must be of the account of the endpoint."},
		{"one region", endpointBody("e", here, here, replicated), "EventBuses is not valid. Reason: One event bus must be in eu-west-1, the region of the endpoint, and one in us-east-1, its secondary region."},
		{"a third region", endpointBody("e", here, arn("eu-west-2", "111122223333", "orders"), replicated), "EventBuses is not valid. Reason: One event bus must be in eu-west-1, the region of the endpoint, and one in us-east-1, its secondary region."},
		{"home as the secondary", strings.Replace(endpointBody("e", here, there, replicated), `"Route":"us-east-1"`, `"Route":"eu-west-1"`, 1), "RoutingConfig.FailoverConfig.Secondary.Route is not valid. Reason: It must be another region than that of the endpoint."},
		{"a bus that is not there", endpointBody("e", arn("eu-west-1", "111122223333", "b"), arn("us-east-1", "111122223333", "b"), replicated), "EventBuses is not valid. Reason: The event buses must exist."},
	} {
		t.Run(c.name, func(t *testing.T) {
			a.refused("CreateEndpoint", c.body, "ValidationException", "Parameter "+c.message)
		})
	}
	if got := a.do("ListEndpoints", `{}`)["Endpoints"].([]any); len(got) > 0 {
		t.Errorf("refused, and there: %v", got)
	}
}

func TestEventsPutThroughAnEndpointGoToThePrimarysBus(t *testing.T) {
	a, in := twins(t)
	a.do("CreateEndpoint", endpointBody("e", here, there, `,"ReplicationConfig":{"State":"DISABLED"}`))
	id := a.endpointID("e")
	in("us-east-1")
	entry := func(bus string) string { return `{"Source":"s","DetailType":"d","Detail":"{}"` + bus + `}` }
	got := a.do("PutEvents", `{"EndpointId":"`+id+`","Entries":[`+entry(`,"EventBusName":"orders"`)+`,`+entry(`,"EventBusName":"`+there+`"`)+`,`+
		entry(`,"EventBusName":"`+here+`"`)+`,`+entry(``)+`,`+entry(`,"EventBusName":"`+strings.Replace(here, "1111", "9999", 1)+`"`)+`]}`)
	wantRefused := `map[ErrorCode:InvalidArgument ErrorMessage:Parameter EventBusName is not valid. Reason: It is not an event bus of the endpoint.]`
	entries := got["Entries"].([]any)
	if got["FailedEntryCount"] != 2.0 || fmt.Sprint(entries[3]) != wantRefused || fmt.Sprint(entries[4]) != wantRefused {
		t.Errorf("answered %v", got)
	}
	if got := a.received("q"); len(got) > 0 {
		t.Errorf("the secondary's bus received %q", got)
	}
	in("eu-west-1")
	if got := a.received("q"); len(got) != 3 || !strings.Contains(got[1], `"region":"eu-west-1"`) {
		t.Errorf("the primary's bus received %q", got)
	}
	a.call.Account = "999999999999"
	a.refused("PutEvents", `{"EndpointId":"`+id+`","Entries":[`+entry(`,"EventBusName":"orders"`)+`]}`, "ValidationException", "Parameter EndpointId is not valid. Reason: Endpoint "+id+" does not exist.")
}

func TestAnEndpointReplicatesWhatItsBusesAcceptOnce(t *testing.T) {
	a, in := twins(t)
	a.do("CreateEndpoint", endpointBody("e", here, there, `,"RoleArn":"`+role+`"`))
	put := func() {
		t.Helper()
		a.do("PutEvents", `{"Entries":[{"EventBusName":"orders","Source":"s","DetailType":"d","Detail":"{}"}]}`)
	}
	put()
	in("us-east-1")
	put()
	wantEach := func(want int) {
		t.Helper()
		for _, region := range []string{"us-east-1", "eu-west-1"} {
			in(region)
			if got := a.received("q"); len(got) != want {
				t.Errorf("the bus in %s received %q, want %d events", region, got, want)
			}
		}
	}
	wantEach(2)
	a.refused("DeleteEventBus", `{"Name":"orders"}`, "ValidationException", "EventBus can't be deleted since it has rules.")

	a.do("UpdateEndpoint", `{"Name":"e","ReplicationConfig":{"State":"DISABLED"}}`)
	put()
	in("us-east-1")
	put()
	wantEach(1)
}
