package events

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/carillon-events/carillon/internal/archive"
	"github.com/carillon-events/carillon/internal/bus"
	"github.com/carillon-events/carillon/internal/delivery"
	"github.com/carillon-events/carillon/internal/destination"
	"github.com/carillon-events/carillon/internal/outbound"
	"github.com/carillon-events/carillon/internal/queue"
	"github.com/carillon-events/carillon/internal/seal"
	"github.com/carillon-events/carillon/internal/store"
	targetarchive "github.com/carillon-events/carillon/internal/target/archive"
	targetbus "github.com/carillon-events/carillon/internal/target/bus"
	targetdestination "github.com/carillon-events/carillon/internal/target/destination"
	targetqueue "github.com/carillon-events/carillon/internal/target/queue"
	"github.com/carillon-events/carillon/internal/wire"
)

// api is EventBridge over a store in memory, called as the edge calls it.
type api struct {
	t       testing.TB
	shard   *store.Shard
	outbox  *delivery.Outbox
	service *wire.Service

	archives *archive.Core
	calls    *targetdestination.Caller

	call wire.Call // what each call is made with
}

func start(t testing.TB, limits bus.Limits) *api {
	t.Helper()
	s, err := store.Open("data", store.Options{FS: vfs.NewMem(), Logger: slog.New(slog.NewTextHandler(io.Discard, nil))})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ran := make(chan error, 1)
	go func() { ran <- s.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := errors.Join(<-ran, s.Close()); err != nil {
			t.Error(err)
		}
	})
	buses := &targetbus.Target{}
	outbox := delivery.New(map[string]delivery.Target{
		targetqueue.Service: targetqueue.Target{}, targetbus.Service: buses, targetarchive.Service: targetarchive.Target{},
	}, delivery.DefaultPolicy)
	buses.Core = bus.New(outbox, limits)
	archives := archive.New(buses.Core, archive.Limits{Archives: 3, ActiveReplays: 2})
	box, err := seal.New(seal.Master{7}, "connections")
	if err != nil {
		t.Fatal(err)
	}
	loopback, err := outbound.ParseAllowed([]string{"loopback"})
	if err != nil {
		t.Fatal(err)
	}
	calls := targetdestination.New(targetdestination.Options{
		Shard: s.Shard(0), Core: destination.New(destination.Limits{Connections: 3, Destinations: 3}), Box: box, Allowed: loopback,
		Logger: slog.New(slog.DiscardHandler),
	})
	t.Cleanup(calls.Close)
	return &api{
		t: t, shard: s.Shard(0), outbox: outbox, service: New(s.Shard(0), buses.Core, outbox, archives, calls, nil), archives: archives, calls: calls,
		call: wire.Call{Service: "events", Account: "111122223333", Region: "eu-west-1"},
	}
}

// try calls an operation and returns its answer.
func (a *api) try(operation, body string) (string, error) {
	a.t.Helper()
	op := a.service.Operations[operation]
	if op == nil {
		a.t.Fatalf("no operation %s", operation)
	}
	call := a.call
	call.Operation = operation
	out, err := op.JSON(a.t.Context(), &call, []byte(body), nil)
	return string(out), err
}

// do is try for a call that succeeds. The answer is decoded.
func (a *api) do(operation, body string) map[string]any {
	a.t.Helper()
	out, err := a.try(operation, body)
	if err != nil {
		a.t.Fatalf("%s %s: %v", operation, body, err)
	}
	var answer map[string]any
	if err := json.Unmarshal([]byte(out), &answer); err != nil {
		a.t.Fatalf("%s answers %q: %v", operation, out, err)
	}
	return answer
}

// want is do for an answer that is known to the letter.
func (a *api) want(operation, body, answer string) {
	a.t.Helper()
	out, err := a.try(operation, body)
	if err != nil || out != answer {
		a.t.Errorf("%s %s\nanswers %s, %v\nwant    %s", operation, body, out, err, answer)
	}
}

// refused checks that a call is refused with this error.
func (a *api) refused(operation, body, code, message string) {
	a.t.Helper()
	_, err := a.try(operation, body)
	var e *wire.Error
	if !errors.As(err, &e) || e.Code != code || e.Message != message {
		a.t.Errorf("%s %s\nis answered with %v\nwant             %s: %s", operation, body, err, code, message)
	}
}

func (a *api) queue(name string, c queue.Config) (arn string) {
	a.t.Helper()
	err := a.shard.Update(a.t.Context(), func(tx *store.Tx) error {
		return queue.Create(tx, queue.Name{Account: a.call.Account, Region: a.call.Region, Name: name}, queue.Settings{Config: c})
	})
	if err != nil {
		a.t.Fatal(err)
	}
	return "arn:aws:sqs:" + a.call.Region + ":" + a.call.Account + ":" + name
}

// retries runs the outbox until the function that it returns is called.
func (a *api) retries() (stop func()) {
	ctx, cancel := context.WithCancel(a.t.Context())
	ran := make(chan error, 1)
	go func() { ran <- a.outbox.Run(ctx, a.shard, slog.New(slog.DiscardHandler)) }()
	return func() {
		cancel()
		if err := <-ran; err != nil {
			a.t.Error(err)
		}
	}
}

func (a *api) received(name string) (bodies []string) {
	a.t.Helper()
	for _, m := range a.messages(name) {
		bodies = append(bodies, m.Body)
	}
	return bodies
}

func (a *api) messages(name string) (got []queue.Message) {
	a.t.Helper()
	err := a.shard.Update(a.t.Context(), func(tx *store.Tx) error {
		q, err := queue.Find(tx, queue.Name{Account: a.call.Account, Region: a.call.Region, Name: name})
		if err != nil {
			return err
		}
		got, err = queue.Receive(tx, q, queue.ReceiveInput{Max: 10, HideFor: time.Hour, HasHideFor: true})
		return err
	})
	if err != nil {
		a.t.Fatal(err)
	}
	return got
}

func quoted(s string) string {
	b, err := json.Marshal(s)
	if err != nil {
		panic(err)
	}
	return string(b)
}

func TestAnEventIsInTheQueuesOfItsRulesWhenPutEventsAnswers(t *testing.T) {
	a := start(t, bus.DefaultLimits)
	big, all := a.queue("big", queue.Config{}), a.queue("all.fifo", queue.Config{FIFO: true})
	a.want("CreateEventBus", `{"Name":"orders","Description":"d"}`, `{"EventBusArn":"arn:aws:events:eu-west-1:111122223333:event-bus/orders","Description":"d"}`)
	a.want("PutRule", `{"Name":"big","EventBusName":"orders","EventPattern":"{\"detail\":{\"total\":[{\"numeric\":[\">\",100]}]}}"}`,
		`{"RuleArn":"arn:aws:events:eu-west-1:111122223333:rule/orders/big"}`)
	a.do("PutRule", `{"Name":"all","EventBusName":"arn:aws:events:eu-west-1:111122223333:event-bus/orders","EventPattern":"{\"source\":[{\"prefix\":\"\"}]}"}`)
	a.want("PutTargets", `{"Rule":"big","EventBusName":"orders","Targets":[{"Id":"t","Arn":"`+big+`"}]}`, `{"FailedEntryCount":0,"FailedEntries":[]}`)
	a.do("PutTargets", `{"Rule":"all","EventBusName":"orders","Targets":[{"Id":"t","Arn":"`+all+`","SqsParameters":{"MessageGroupId":"g"}}]}`)

	answer := a.do("PutEvents", `{"Entries":[
		{"EventBusName":"orders","Source":"shop","DetailType":"paid","Detail":"{ \"total\": 99.0 }","Time":1513968228.5,"Resources":["r1","r2"]},
		{"EventBusName":"arn:aws:events:eu-west-1:111122223333:event-bus/orders","Source":"shop","DetailType":"paid","Detail":"{\"total\":101}"},
		{"Source":"shop","DetailType":"paid","Detail":"{\"total\":500}"}]}`)
	entries := answer["Entries"].([]any)
	if answer["FailedEntryCount"] != 0.0 || len(entries) != 3 {
		t.Fatalf("%v", answer)
	}
	id := entries[0].(map[string]any)["EventId"].(string)
	if !regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`).MatchString(id) {
		t.Errorf("event id %q", id)
	}
	got := append(a.received("all.fifo"), a.received("big")...)
	if len(got) != 3 || !strings.Contains(got[1], `"detail":{"total":101}}`) || got[1] != got[2] {
		t.Fatalf("received %q", got)
	}
	want := `{"version":"0","id":"` + id + `","detail-type":"paid","source":"shop","account":"111122223333","time":"2017-12-22T18:43:48Z","region":"eu-west-1","resources":["r1","r2"],"detail":{ "total": 99.0 }}`
	if got[0] != want {
		t.Errorf("got  %s\nwant %s", got[0], want)
	}
}

func TestAnEventWaitsForAQueueThatDoesNotExistYet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := start(t, bus.DefaultLimits)
		defer a.retries()()
		a.do("PutRule", `{"Name":"r","EventPattern":"{\"source\":[\"s\"]}"}`)
		a.do("PutTargets", `{"Rule":"r","Targets":[{"Id":"t","Arn":"arn:aws:sqs:eu-west-1:111122223333:late"}]}`)
		a.do("PutEvents", `{"Entries":[{"Source":"s","DetailType":"d","Detail":"{\"n\":1}"}]}`)
		time.Sleep(time.Minute)
		a.queue("late", queue.Config{})
		time.Sleep(15 * time.Minute)
		if got := a.received("late"); len(got) != 1 || !strings.Contains(got[0], `"detail":{"n":1}`) {
			t.Errorf("received %q", got)
		}
	})
}

func TestEntriesOfPutEventsAreRefusedOneByOne(t *testing.T) {
	a := start(t, bus.DefaultLimits)
	for entry, want := range map[string]string{
		`{"DetailType":"d","Detail":"{}"}`:                                                                                 "InvalidArgument: Parameter Source is not valid. Reason: Source is a required argument.",
		`{"Source":"s","Detail":"{}"}`:                                                                                     "InvalidArgument: Parameter DetailType is not valid. Reason: DetailType is a required argument.",
		`{"Source":"s","DetailType":"d"}`:                                                                                  "InvalidArgument: Parameter Detail is not valid. Reason: Detail is a required argument.",
		`{"Source":"s","DetailType":"d","Detail":"{\"a\":}"}`:                                                              "MalformedDetail: Detail is malformed.",
		`{"Source":"s","DetailType":"d","Detail":"[1]"}`:                                                                   "MalformedDetail: Detail is malformed.",
		`{"Source":"s","DetailType":"d","Detail":` + quoted(strings.Repeat(`{"a":`, 100000)) + `}`:                         "MalformedDetail: Detail is malformed.",
		`{"Source":"aws.ec2","DetailType":"d","Detail":"{}"}`:                                                              "NotAuthorizedForSourceException: Not authorized for the source.",
		`{"Source":"s","DetailType":"` + strings.Repeat("é", 129) + `","Detail":"{}"}`:                                     "InvalidArgument: Parameter DetailType is not valid. Reason: DetailType must have at most 128 characters.",
		`{"Source":"s","DetailType":"d","Detail":"{}","EventBusName":"arn:aws:events:eu-west-1:999999999999:event-bus/b"}`: "AccessDeniedException: Not authorized to put events on arn:aws:events:eu-west-1:999999999999:event-bus/b.",
		`{"Source":"s","DetailType":"d","Detail":"{}","EventBusName":"arn:aws:events:us-east-1:111122223333:event-bus/b"}`: "InvalidArgument: Parameter EventBusName is not valid. Reason: The event bus must be in the region of the request; a rule can send to that of another region.",
	} {
		answer := a.do("PutEvents", `{"Entries":[{"Source":"s","DetailType":"d","Detail":"{}"},`+entry+`]}`)
		entries := answer["Entries"].([]any)
		good, bad := entries[0].(map[string]any), entries[1].(map[string]any)
		if got := fmt.Sprint(bad["ErrorCode"], ": ", bad["ErrorMessage"]); got != want || bad["EventId"] != nil || good["EventId"] == nil || answer["FailedEntryCount"] != 1.0 {
			t.Errorf("%.200s\nis answered with %v\nwant             %s", entry, answer, want)
		}
	}
}

func TestPutEventsRefusesWhatIsTooMuchAsAWhole(t *testing.T) {
	a := start(t, bus.DefaultLimits)
	entry := func(n int) string {
		return `{"Source":"s","DetailType":"d","Time":1,"Resources":["r"],"Detail":` + quoted(`{"a":"`+strings.Repeat("x", n-8-17)+`"}`) + `}`
	}
	a.do("PutEvents", `{"Entries":[`+entry(1<<19)+`,`+entry(1<<19)+`]}`)
	a.refused("PutEvents", `{"Entries":[`+entry(1<<19)+`,`+entry(1<<19+1)+`]}`, "ValidationException", "Total size of the entries in the request is over the limit.")
	a.refused("PutEvents", `{"EndpointId":"abcde.fgh","Entries":[`+entry(100)+`]}`, "ValidationException", "Parameter EndpointId is not valid. Reason: Endpoint abcde.fgh does not exist.")
	for _, body := range []string{`{}`, `{"Entries":[]}`, `{"Entries":[` + strings.Repeat(entry(100)+",", 10) + entry(100) + `]}`} {
		var e *wire.Error
		if _, err := a.try("PutEvents", body); !errors.As(err, &e) || e.Code != "ValidationException" || !strings.Contains(e.Message, "entries") {
			t.Errorf("%.60s: %v", body, err)
		}
	}
}

func TestAnEventForAnUnknownBusIsAcceptedAsOnAWS(t *testing.T) {
	a := start(t, bus.DefaultLimits)
	answer := a.do("PutEvents", `{"Entries":[{"Source":"s","DetailType":"d","Detail":"{}","EventBusName":"nope"}]}`)
	if answer["FailedEntryCount"] != 0.0 {
		t.Errorf("%v", answer)
	}
}

func TestPutEventsAsksAboutEveryBus(t *testing.T) {
	a := start(t, bus.DefaultLimits)
	var asked []string
	a.call.Decide = func(_ context.Context, _ *wire.Call, action, resource string) error {
		asked = append(asked, action+" "+resource)
		if strings.HasSuffix(resource, "/secret") {
			return &wire.Error{Code: "AccessDeniedException", Message: "no"}
		}
		return nil
	}
	entry := func(bus string) string {
		return `{"Source":"s","DetailType":"d","Detail":"{}","EventBusName":"` + bus + `"}`
	}
	a.refused("PutEvents", `{"Entries":[`+entry("a")+`,`+entry("a")+`,`+entry("secret")+`]}`, "AccessDeniedException", "no")
	want := "[events:PutEvents arn:aws:events:eu-west-1:111122223333:event-bus/a events:PutEvents arn:aws:events:eu-west-1:111122223333:event-bus/secret]"
	if fmt.Sprint(asked) != want {
		t.Errorf("asked %v, want %s", asked, want)
	}
}

func TestBusesLiveTheirLife(t *testing.T) {
	a := start(t, bus.Limits{Buses: 2, RulesPerBus: 2, TargetsPerRule: 5, Tags: 50})
	a.do("CreateEventBus", `{"Name":"orders"}`)
	a.refused("CreateEventBus", `{"Name":"orders"}`, "ResourceAlreadyExistsException", "Event bus orders already exists.")
	a.refused("CreateEventBus", `{"Name":"default"}`, "ResourceAlreadyExistsException", "Event bus default already exists.")
	a.refused("CreateEventBus", `{"Name":"third"}`, "LimitExceededException", overLimit)
	a.refused("CreateEventBus", `{"Name":"a/b"}`, "ValidationException", "Parameter Name is not valid. Reason: The name of a custom event bus must not contain '/'.")
	a.want("DescribeEventBus", `{}`, `{"Name":"default","Arn":"arn:aws:events:eu-west-1:111122223333:event-bus/default"}`)
	if b := a.do("DescribeEventBus", `{"Name":"orders"}`); b["Arn"] != "arn:aws:events:eu-west-1:111122223333:event-bus/orders" || b["CreationTime"].(float64) == 0 {
		t.Errorf("%v", b)
	}
	a.refused("DescribeEventBus", `{"Name":"nope"}`, "ResourceNotFoundException", "Event bus nope does not exist.")
	if l := a.do("ListEventBuses", `{"NamePrefix":"o"}`); len(l["EventBuses"].([]any)) != 1 || l["NextToken"] != nil {
		t.Errorf("%v", l)
	}
	a.do("PutRule", `{"Name":"r","EventBusName":"orders","EventPattern":"{\"a\":[1]}"}`)
	a.refused("DeleteEventBus", `{"Name":"orders"}`, "ValidationException", "EventBus can't be deleted since it has rules.")
	a.do("DeleteRule", `{"Name":"r","EventBusName":"orders"}`)
	a.do("DeleteEventBus", `{"Name":"orders"}`)
	a.do("DeleteEventBus", `{"Name":"orders"}`)
	a.refused("DeleteEventBus", `{"Name":"default"}`, "ValidationException", "Cannot delete event bus default.")
}

func TestRulesLiveTheirLife(t *testing.T) {
	a := start(t, bus.Limits{Buses: 2, RulesPerBus: 2, TargetsPerRule: 5, Tags: 50})
	a.want("PutRule", `{"Name":"r","EventPattern":"{\"a\":[1]}","State":"DISABLED","Description":"d","RoleArn":"arn:aws:iam::111122223333:role/r"}`,
		`{"RuleArn":"arn:aws:events:eu-west-1:111122223333:rule/r"}`)
	a.want("DescribeRule", `{"Name":"r"}`, `{"Name":"r","Arn":"arn:aws:events:eu-west-1:111122223333:rule/r","EventPattern":"{\"a\":[1]}","State":"DISABLED","Description":"d","RoleArn":"arn:aws:iam::111122223333:role/r","EventBusName":"default","CreatedBy":"111122223333"}`)
	a.do("EnableRule", `{"Name":"r"}`)
	a.want("ListRules", `{}`, `{"Rules":[{"Name":"r","Arn":"arn:aws:events:eu-west-1:111122223333:rule/r","EventPattern":"{\"a\":[1]}","State":"ENABLED","Description":"d","RoleArn":"arn:aws:iam::111122223333:role/r","EventBusName":"default"}]}`)
	a.do("DisableRule", `{"Name":"r"}`)
	a.do("PutRule", `{"Name":"r","EventPattern":"{\"a\":[2]}"}`)
	a.want("DescribeRule", `{"Name":"r"}`, `{"Name":"r","Arn":"arn:aws:events:eu-west-1:111122223333:rule/r","EventPattern":"{\"a\":[2]}","State":"ENABLED","EventBusName":"default","CreatedBy":"111122223333"}`)
	a.do("PutRule", `{"Name":"r2","EventPattern":"{\"a\":[2]}"}`)
	a.refused("PutRule", `{"Name":"r3","EventPattern":"{\"a\":[2]}"}`, "LimitExceededException", overLimit)
	a.refused("PutRule", `{"Name":"x"}`, "ValidationException", "Parameter(s) EventPattern or ScheduleExpression must be specified.")
	a.refused("PutRule", `{"Name":"x","EventPattern":"{\"a\":1}"}`, "InvalidEventPatternException", "Event pattern is not valid. Reason: \"a\" must be an object or an array\n at [Source: (String)\"{\"a\":1}\"; line: 1, column: 7]")
	a.refused("PutRule", `{"Name":"x","EventBusName":"nope","EventPattern":"{\"a\":[1]}"}`, "ResourceNotFoundException", "Event bus nope does not exist.")
	for _, op := range []string{"DescribeRule", "EnableRule", "DisableRule"} {
		a.refused(op, `{"Name":"nope"}`, "ResourceNotFoundException", "Rule nope does not exist on EventBus default.")
	}
	a.do("DeleteRule", `{"Name":"nope"}`)
	a.refused("DeleteRule", `{"Name":"r","EventBusName":"nope"}`, "ResourceNotFoundException", "Event bus nope does not exist.")
}

func TestTargetsLiveTheirLife(t *testing.T) {
	a := start(t, bus.DefaultLimits)
	a.do("PutRule", `{"Name":"r","EventPattern":"{\"a\":[1]}"}`)
	const q = "arn:aws:sqs:eu-west-1:111122223333:q"
	put := func(target string) string { return `{"Rule":"r","Targets":[` + target + `]}` }
	a.do("PutTargets", put(`{"Id":"a","Arn":"`+q+`"},{"Id":"b","Arn":"`+q+`.fifo","RoleArn":"role","SqsParameters":{"MessageGroupId":"g"}}`))
	a.want("ListTargetsByRule", `{"Rule":"r"}`, `{"Targets":[{"Id":"a","Arn":"`+q+`"},{"Id":"b","Arn":"`+q+`.fifo","RoleArn":"role","SqsParameters":{"MessageGroupId":"g"}}]}`)
	a.want("ListRuleNamesByTarget", `{"TargetArn":"`+q+`"}`, `{"RuleNames":["r"]}`)
	a.want("ListRuleNamesByTarget", `{"TargetArn":"`+q+`2"}`, `{"RuleNames":[]}`)
	a.refused("DeleteRule", `{"Name":"r"}`, "ValidationException", "Rule can't be deleted since it has targets.")

	for target, want := range map[string]string{
		`{"Id":"x","Arn":"q"}`:                                                "Parameter q is not valid. Reason: Provided Arn is not in correct format.",
		`{"Id":"x","Arn":"arn:aws:sqs:::q"}`:                                  "Parameter arn:aws:sqs:::q is not valid. Reason: Provided Arn is not in correct format.",
		`{"Id":"x","Arn":"arn:aws:lambda:eu-west-1:111122223333:function:f"}`: "Parameter Arn is not valid. Reason: Carillon does not deliver to lambda yet (target x: arn:aws:lambda:eu-west-1:111122223333:function:f).",
		`{"Id":"x","Arn":"` + q + `.fifo"}`:                                   "Parameter(s) SqsParameters must be specified for target: x.",
		`{"Id":"x","Arn":"` + q + `.fifo","SqsParameters":{}}`:                "Parameter(s) MessageGroupId must be specified for target: x.",
		`{"Id":"x","Arn":"` + q + `","HttpParameters":{}}`:                    "Parameter HttpParameters is not valid. Reason: Carillon does not support HttpParameters yet.",
	} {
		a.refused("PutTargets", put(`{"Id":"good","Arn":"`+q+`"},`+target), "ValidationException", want)
	}
	a.refused("PutTargets", put(`{"Id":"c","Arn":"`+q+`"},{"Id":"d","Arn":"`+q+`"},{"Id":"e","Arn":"`+q+`"},{"Id":"f","Arn":"`+q+`"}`), "LimitExceededException", overLimit)
	a.refused("PutTargets", `{"Rule":"nope","Targets":[{"Id":"x","Arn":"`+q+`"}]}`, "ResourceNotFoundException", "Rule nope does not exist on EventBus default.")

	a.want("RemoveTargets", `{"Rule":"r","Ids":["a","nope"]}`, `{"FailedEntryCount":0,"FailedEntries":[]}`)
	a.want("RemoveTargets", `{"Rule":"r","Ids":["b"]}`, `{"FailedEntryCount":0,"FailedEntries":[]}`)
	a.want("ListTargetsByRule", `{"Rule":"r"}`, `{"Targets":[]}`)
	a.do("DeleteRule", `{"Name":"r"}`)
	a.refused("ListTargetsByRule", `{"Rule":"r"}`, "ResourceNotFoundException", "Rule r does not exist on EventBus default.")
}

func TestListsAreReadPageByPageWithTokensOfTheirOwn(t *testing.T) {
	a := start(t, bus.DefaultLimits)
	for i := range 5 {
		a.do("PutRule", fmt.Sprintf(`{"Name":"r%d","EventPattern":"{\"a\":[1]}"}`, i))
	}
	var got []string
	token := ""
	for pages := 0; pages == 0 || token != ""; pages++ {
		body := `{"Limit":2}`
		if token != "" {
			body = `{"Limit":2,"NextToken":"` + token + `"}`
		}
		answer := a.do("ListRules", body)
		for _, r := range answer["Rules"].([]any) {
			got = append(got, r.(map[string]any)["Name"].(string))
		}
		token, _ = answer["NextToken"].(string)
		if token != "" {
			a.refused("ListEventBuses", `{"NextToken":"`+token+`"}`, "ValidationException", "Parameter NextToken is not valid. Reason: It was not made by this operation.")
		}
	}
	if fmt.Sprint(got) != "[r0 r1 r2 r3 r4]" {
		t.Errorf("%v", got)
	}
	a.refused("ListRules", `{"NextToken":"abc"}`, "ValidationException", "Parameter NextToken is not valid. Reason: It was not made by this operation.")
}

func TestTagsAreKeptWithBusesAndRules(t *testing.T) {
	a := start(t, bus.DefaultLimits)
	a.do("CreateEventBus", `{"Name":"orders","Tags":[{"Key":"k","Value":"v"}]}`)
	a.do("PutRule", `{"Name":"r","EventBusName":"orders","EventPattern":"{\"a\":[1]}","Tags":[{"Key":"k","Value":"v"}]}`)
	for _, arn := range []string{"arn:aws:events:eu-west-1:111122223333:event-bus/orders", "arn:aws:events:eu-west-1:111122223333:rule/orders/r"} {
		list := `{"ResourceARN":"` + arn + `"}`
		a.want("ListTagsForResource", list, `{"Tags":[{"Key":"k","Value":"v"}]}`)
		a.do("TagResource", `{"ResourceARN":"`+arn+`","Tags":[{"Key":"l","Value":"w"},{"Key":"a","Value":""}]}`)
		a.do("UntagResource", `{"ResourceARN":"`+arn+`","TagKeys":["k","nope"]}`)
		a.want("ListTagsForResource", list, `{"Tags":[{"Key":"a","Value":""},{"Key":"l","Value":"w"}]}`)
	}
	a.refused("ListTagsForResource", `{"ResourceARN":"arn:aws:events:eu-west-1:111122223333:rule/nope"}`, "ResourceNotFoundException", "Rule nope does not exist on EventBus default.")
	a.refused("ListTagsForResource", `{"ResourceARN":"nope"}`, "ValidationException", "Parameter ResourceARN is not valid. Reason: Provided Arn is not in correct format.")
	a.refused("TagResource", `{"ResourceARN":"arn:aws:events:eu-west-1:111122223333:event-bus/orders","Tags":[{"Key":"a","Value":"1"},{"Key":"a","Value":"2"}]}`,
		"ValidationException", "Parameter Tags is not valid. Reason: Tag key a is given more than once.")
}

func TestAPatternIsTestedOnAnEvent(t *testing.T) {
	a := start(t, bus.DefaultLimits)
	const event = `{"id":"1","account":"1","source":"s","time":"t","region":"r","detail-type":"d","detail":{"n":5}}`
	test := func(pattern, event string) string {
		return `{"EventPattern":` + quoted(pattern) + `,"Event":` + quoted(event) + `}`
	}
	a.want("TestEventPattern", test(`{"detail":{"n":[5]}}`, event), `{"Result":true}`)
	a.want("TestEventPattern", test(`{"detail":{"n":[6]}}`, event), `{"Result":false}`)
	for _, bad := range []string{`{}`, `[1]`, `{"id":"1"`, strings.Replace(event, `"region"`, `"regio"`, 1)} {
		a.refused("TestEventPattern", test(`{"a":[1]}`, bad), "ValidationException", "Parameter Event is not valid.")
	}
	a.refused("TestEventPattern", test(`{"a":[]}`, event), "InvalidEventPatternException", "Event pattern is not valid. Reason: Empty arrays are not allowed\n at [Source: (String)\"{\"a\":[]}\"; line: 1, column: 8]")
}

func TestAccountsAndRegionsDoNotSeeEachOther(t *testing.T) {
	a := start(t, bus.DefaultLimits)
	a.do("CreateEventBus", `{"Name":"orders"}`)
	a.do("PutRule", `{"Name":"r","EventPattern":"{\"a\":[1]}"}`)
	a.call.Region = "us-east-1"
	a.refused("DescribeEventBus", `{"Name":"orders"}`, "ResourceNotFoundException", "Event bus orders does not exist.")
	a.refused("DescribeEventBus", `{"Name":"arn:aws:events:eu-west-1:111122223333:event-bus/orders"}`, "ResourceNotFoundException", "Event bus orders does not exist.")
	a.want("ListRules", `{}`, `{"Rules":[]}`)
	a.call.Account, a.call.Region = "999999999999", "eu-west-1"
	a.want("ListRules", `{}`, `{"Rules":[]}`)
}

func BenchmarkPutEvents(b *testing.B) {
	a := start(b, bus.DefaultLimits)
	q := a.queue("q", queue.Config{})
	for i := range 10 {
		a.do("PutRule", fmt.Sprintf(`{"Name":"r%d","EventPattern":"{\"source\":[\"s%d\"],\"detail\":{\"n\":[{\"numeric\":[\">\",0]}]}}"}`, i, i))
		a.do("PutTargets", fmt.Sprintf(`{"Rule":"r%d","Targets":[{"Id":"t","Arn":"%s"}]}`, i, q))
	}
	detail := quoted(`{"n":5,"text":"` + strings.Repeat("x", 900) + `"}`)
	entry := `{"Source":"s3","DetailType":"d","Detail":` + detail + `}`
	body := []byte(`{"Entries":[` + strings.Repeat(entry+",", 9) + entry + `]}`)
	op := a.service.Operations["PutEvents"]
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	b.SetParallelism(16)
	b.RunParallel(func(pb *testing.PB) {
		call := a.call
		for pb.Next() {
			if _, err := op.JSON(context.Background(), &call, body, nil); err != nil {
				b.Error(err)
			}
		}
	})
}

func FuzzPageToken(f *testing.F) {
	f.Add(nextToken("ListRules", true, "r").V)
	f.Add("AAAA")
	f.Fuzz(func(t *testing.T, token string) {
		after, _, err := page("ListRules", wire.Some(token), wire.Opt[int32]{})
		if err == nil && nextToken("ListRules", true, after).V == "" {
			t.Fatal("a token that cannot be made again")
		}
	})
}
