package events

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/carillon-events/carillon/internal/archive"
	"github.com/carillon-events/carillon/internal/bus"
	"github.com/carillon-events/carillon/internal/queue"
	"github.com/carillon-events/carillon/internal/timer"
)

// timers runs the timers of archives until the test ends.
func (a *api) timers() (stop func()) {
	a.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	loop := &timer.Loop{Shard: a.shard, Logger: slog.New(slog.DiscardHandler), Handlers: map[timer.Kind]timer.Handler{
		timer.ArchiveSweep: archive.Sweep, timer.ArchiveReplay: a.archives.StepReplay, timer.QueueSweep: queue.Sweep,
	}}
	ran := make(chan error, 1)
	go func() { ran <- loop.Run(ctx) }()
	return func() {
		cancel()
		if err := <-ran; err != nil {
			a.t.Error(err)
		}
	}
}

func (a *api) routed(busName, rule, q string) {
	a.t.Helper()
	target := a.queue(q, queue.Config{FIFO: strings.HasSuffix(q, ".fifo")})
	a.do("PutRule", fmt.Sprintf(`{"Name":%q,"EventBusName":%q,"EventPattern":"{\"source\":[\"s\"]}"}`, rule, busName))
	a.do("PutTargets", fmt.Sprintf(`{"Rule":%q,"EventBusName":%q,"Targets":[{"Id":"t","Arn":%q,"SqsParameters":{"MessageGroupId":"g"}}]}`, rule, busName, target))
}

func (a *api) send(source string, n, at int) {
	a.t.Helper()
	a.do("PutEvents", fmt.Sprintf(`{"Entries":[{"Source":%q,"DetailType":"d","Detail":"{\"n\":%d}","Time":%d}]}`, source, n, at))
}

const (
	theArchive = "arn:aws:events:eu-west-1:111122223333:archive/a"
	theDefault = "arn:aws:events:eu-west-1:111122223333:event-bus/default"
)

func replayOf(name, more string) string {
	return `{"ReplayName":"` + name + `","EventSourceArn":"` + theArchive + `","EventStartTime":1000,"EventEndTime":2000,"Destination":{"Arn":"` + theDefault + `"` + more + `}}`
}

func TestAnArchiveHasAnEventWhenPutEventsAnswersAndAReplaySendsItAgainInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := start(t, bus.DefaultLimits)
		defer a.timers()()
		a.routed("default", "r", "q.fifo")
		a.routed("default", "other", "other.fifo")
		made := a.do("CreateArchive", `{"ArchiveName":"a","EventSourceArn":"`+theDefault+`","EventPattern":"{\"detail\":{\"n\":[{\"numeric\":[\"<\",10]}]}}","Description":"d"}`)
		if made["ArchiveArn"] != theArchive || made["State"] != "ENABLED" {
			t.Errorf("%v", made)
		}
		for i, at := range []int{1500, 1000, 1500, 999, 2000, 1999} {
			a.send("s", i, at)
		}
		a.send("unrouted", 10, 1500)
		got := a.do("DescribeArchive", `{"ArchiveName":"a"}`)
		size := len(`{"version":"0","id":"6a7e8feb-b491-4cf7-a9f1-bf3703467718","detail-type":"d","source":"s","account":"111122223333","time":"1970-01-01T00:25:00Z","region":"eu-west-1","resources":[],"detail":{"n":0}}`)
		if got["EventCount"] != 6.0 || got["SizeBytes"] != float64(6*size) || got["Description"] != "d" || got["EventSourceArn"] != theDefault {
			t.Errorf("%v, want 6 events of %d bytes", got, size)
		}
		if rules := a.do("ListRules", `{}`)["Rules"].([]any); len(rules) != 2 {
			t.Errorf("the archive's rule is listed: %v", rules)
		}
		before := append(a.received("q.fifo"), a.received("other.fifo")...)
		if len(before) != 12 {
			t.Fatalf("%q", before)
		}
		made = a.do("StartReplay", replayOf("again", `,"FilterArns":["arn:aws:events:eu-west-1:111122223333:rule/r"]`))
		if made["ReplayArn"] != "arn:aws:events:eu-west-1:111122223333:replay/again" || made["State"] != "STARTING" {
			t.Errorf("%v", made)
		}
		synctest.Wait()
		got = a.do("DescribeReplay", `{"ReplayName":"again"}`)
		if got["State"] != "COMPLETED" || got["EventLastReplayedTime"] != 1999.0 || got["ReplayEndTime"] == nil || got["EventSourceArn"] != theArchive {
			t.Errorf("%v", got)
		}
		time.Sleep(time.Hour) // the queue's group is locked by what was received
		after := a.receivedNew("q.fifo", before)
		if len(after) != 4 || len(a.receivedNew("other.fifo", before)) != 0 {
			t.Fatalf("replayed %q", after)
		}
		for i, want := range []int{1, 0, 2, 5} {
			old := before[want]
			if after[i] != old[:len(old)-1]+`,"replay-name":"again"}` {
				t.Errorf("replayed %s\nof       %s", after[i], old)
			}
		}
		if got := a.do("DescribeArchive", `{"ArchiveName":"a"}`); got["EventCount"] != 6.0 {
			t.Errorf("replayed events were archived: %v", got)
		}
	})
}

// receivedNew is received without what is in old.
func (a *api) receivedNew(name string, old []string) (bodies []string) {
	for {
		got := a.received(name)
		if len(got) == 0 {
			return bodies
		}
		for _, b := range got {
			if !strings.Contains(strings.Join(old, ""), b) {
				bodies = append(bodies, b)
			}
		}
	}
}

func TestStartReplayTakesOnlyTheBusThatTheArchiveIsOf(t *testing.T) {
	a := start(t, bus.DefaultLimits)
	a.do("CreateEventBus", `{"Name":"lab"}`)
	a.do("CreateArchive", `{"ArchiveName":"a","EventSourceArn":"`+theDefault+`"}`)
	a.refused("StartReplay", strings.Replace(replayOf("x", ""), "event-bus/default", "event-bus/lab", 1),
		"ValidationException", "Parameter Destination.Arn is not valid. Reason: Cross event bus replay is not permitted.")
	a.want("ListReplays", `{}`, `{"Replays":[]}`)
}

func TestAnArchiveKeepsWhatItsPatternSaysFromItsUpdateOn(t *testing.T) {
	a := start(t, bus.DefaultLimits)
	a.do("CreateArchive", `{"ArchiveName":"a","EventSourceArn":"`+theDefault+`","RetentionDays":7,"Description":"d"}`)
	a.send("s", 1, 1000)
	a.do("UpdateArchive", `{"ArchiveName":"a","EventPattern":"{\"source\":[\"t\"],\"replay-name\":[\"x\"]}"}`)
	a.send("s", 2, 1000)
	a.send("t", 3, 1000)
	got := a.do("DescribeArchive", `{"ArchiveName":"a"}`)
	if got["EventCount"] != 2.0 || got["RetentionDays"] != 7.0 || got["Description"] != "d" || got["EventPattern"] != `{"source":["t"],"replay-name":["x"]}` {
		t.Errorf("%v", got)
	}
	a.refused("DeleteEventBus", `{"Name":"default"}`, "ValidationException", "Cannot delete event bus default.")
	a.want("DeleteArchive", `{"ArchiveName":"a"}`, `{}`)
	a.send("t", 4, 1000)
	a.refused("DescribeArchive", `{"ArchiveName":"a"}`, "ResourceNotFoundException", "Archive a does not exist.")
	a.do("CreateArchive", `{"ArchiveName":"a","EventSourceArn":"`+theDefault+`"}`)
	if got := a.do("DescribeArchive", `{"ArchiveName":"a"}`); got["EventCount"] != 0.0 || got["RetentionDays"] != 0.0 {
		t.Errorf("%v", got)
	}
}

func TestABusThatIsArchivedIsNotDeleted(t *testing.T) {
	a := start(t, bus.DefaultLimits)
	a.do("CreateEventBus", `{"Name":"lab"}`)
	a.do("CreateArchive", `{"ArchiveName":"a","EventSourceArn":"`+strings.Replace(theDefault, "default", "lab", 1)+`"}`)
	a.refused("DeleteEventBus", `{"Name":"lab"}`, "ValidationException", "EventBus can't be deleted since it has rules.")
	a.do("DeleteArchive", `{"ArchiveName":"a"}`)
	a.do("DeleteEventBus", `{"Name":"lab"}`)
}

func TestAnArchiveShowsTheKeyThatItWasGiven(t *testing.T) {
	a := start(t, bus.DefaultLimits)
	a.do("CreateArchive", `{"ArchiveName":"a","EventSourceArn":"`+theDefault+`","KmsKeyIdentifier":"alias/k"}`)
	for _, step := range []struct{ update, key string }{
		{`,"Description":"d"`, "<nil>"}, {`,"KmsKeyIdentifier":"alias/l"`, "alias/l"}, {`,"KmsKeyIdentifier":""`, "<nil>"},
	} {
		a.do("UpdateArchive", `{"ArchiveName":"a"`+step.update+`}`)
		if got := fmt.Sprint(a.do("DescribeArchive", `{"ArchiveName":"a"}`)["KmsKeyIdentifier"]); got != step.key {
			t.Errorf("after an update to %q the key is %s, want %s", step.update, got, step.key)
		}
	}
	a.do("CreateArchive", `{"ArchiveName":"b","EventSourceArn":"`+theDefault+`","KmsKeyIdentifier":"alias/k"}`)
	if got := a.do("DescribeArchive", `{"ArchiveName":"b"}`)["KmsKeyIdentifier"]; got != "alias/k" {
		t.Errorf("the key is %v", got)
	}
}

func TestCallsAboutArchivesAndReplaysAreRefusedWithAWSsErrors(t *testing.T) {
	a := start(t, bus.DefaultLimits)
	lab := strings.Replace(theDefault, "default", "lab", 1)
	a.refused("CreateArchive", `{"ArchiveName":"a","EventSourceArn":"`+lab+`"}`, "ResourceNotFoundException", "Event bus lab does not exist.")
	a.refused("CreateArchive", `{"ArchiveName":"a","EventSourceArn":"`+theArchive+`"}`, "ValidationException", "Parameter EventSourceArn is not valid. Reason: Must contain an event bus ARN.")
	a.refused("CreateArchive", `{"ArchiveName":"a","EventSourceArn":"`+theDefault+`","EventPattern":"[]"}`, "InvalidEventPatternException", a.patternError("[]"))
	for _, name := range []string{"a", "b", "c"} {
		a.do("CreateArchive", `{"ArchiveName":"`+name+`","EventSourceArn":"`+theDefault+`"}`)
	}
	a.refused("CreateArchive", `{"ArchiveName":"a","EventSourceArn":"`+theDefault+`"}`, "ResourceAlreadyExistsException", "Archive a already exists.")
	a.refused("CreateArchive", `{"ArchiveName":"d","EventSourceArn":"`+theDefault+`"}`, "LimitExceededException", overLimit)
	a.refused("UpdateArchive", `{"ArchiveName":"x"}`, "ResourceNotFoundException", "Archive x does not exist.")
	a.refused("DeleteArchive", `{"ArchiveName":"x"}`, "ResourceNotFoundException", "Archive x does not exist.")
	a.refused("ListArchives", `{"NamePrefix":"x","State":"ENABLED"}`, "ValidationException", "At most one filter is allowed for ListArchives. Use either : State, EventSourceArn, or NamePrefix.")

	a.refused("StartReplay", strings.Replace(replayOf("r", ""), "archive/a", "archive/x", 1), "ResourceNotFoundException", "Archive x does not exist.")
	a.refused("StartReplay", strings.Replace(replayOf("r", ""), "archive/a", "rule/a", 1), "ValidationException", "Parameter EventSourceArn is not valid. Reason: Must contain an archive ARN.")
	a.refused("StartReplay", strings.Replace(replayOf("r", ""), "event-bus/default", "event-bus/lab", 1), "ResourceNotFoundException", "Event bus lab does not exist.")
	a.refused("StartReplay", strings.Replace(replayOf("r", ""), "2000", "1000", 1), "ValidationException", "Parameter EventEndTime is not valid. Reason: EventStartTime must be before EventEndTime.")
	a.refused("StartReplay", replayOf("r", `,"FilterArns":["arn:aws:events:eu-west-1:111122223333:rule/none"]`), "ResourceNotFoundException", "Rule none does not exist on EventBus default.")
	a.refused("StartReplay", replayOf("r", `,"FilterArns":["`+theArchive+`"]`), "ValidationException", "Parameter Destination.FilterArns is not valid. Reason: "+theArchive+" is not a rule of the destination event bus.")
	a.do("StartReplay", replayOf("r", "")) // no timers run: it stays
	a.refused("StartReplay", replayOf("r", ""), "ResourceAlreadyExistsException", "Replay r already exists.")
	a.do("StartReplay", replayOf("s", ""))
	a.refused("StartReplay", replayOf("t", ""), "LimitExceededException", overLimit)
	a.want("CancelReplay", `{"ReplayName":"r"}`, `{"ReplayArn":"arn:aws:events:eu-west-1:111122223333:replay/r","State":"CANCELLING"}`)
	a.refused("CancelReplay", `{"ReplayName":"r"}`, "IllegalStatusException", "Replay r is not in a valid state for this operation.")
	a.refused("CancelReplay", `{"ReplayName":"x"}`, "ResourceNotFoundException", "Replay x does not exist.")
	a.refused("DescribeReplay", `{"ReplayName":"x"}`, "ResourceNotFoundException", "Replay x does not exist.")
	a.refused("PutTargets", `{"Rule":"r","Targets":[{"Id":"t","Arn":"arn:aws:carillon-archive:eu-west-1:111122223333:1"}]}`, "ValidationException",
		"Parameter Arn is not valid. Reason: Carillon does not deliver to carillon-archive yet (target t: arn:aws:carillon-archive:eu-west-1:111122223333:1).")
}

// patternError is what PutRule says of the pattern.
func (a *api) patternError(pattern string) string {
	_, err := a.try("PutRule", `{"Name":"x","EventPattern":`+quoted(pattern)+`}`)
	_, message, _ := strings.Cut(err.Error(), ": ")
	return message
}

func TestArchivesAndReplaysAreListedInPages(t *testing.T) {
	a := start(t, bus.DefaultLimits)
	for _, name := range []string{"b", "a", "ba"} {
		a.do("CreateArchive", `{"ArchiveName":"`+name+`","EventSourceArn":"`+theDefault+`"}`)
	}
	a.do("StartReplay", replayOf("r2", ""))
	a.do("StartReplay", replayOf("r1", ""))
	a.do("CancelReplay", `{"ReplayName":"r2"}`)
	for _, c := range []struct{ operation, list, name, filter, want string }{
		{"ListArchives", "Archives", "ArchiveName", ``, "a b ba"},
		{"ListArchives", "Archives", "ArchiveName", `,"NamePrefix":"b"`, "b ba"},
		{"ListArchives", "Archives", "ArchiveName", `,"EventSourceArn":"` + theDefault + `"`, "a b ba"},
		{"ListArchives", "Archives", "ArchiveName", `,"EventSourceArn":"` + theDefault + `x"`, ""},
		{"ListArchives", "Archives", "ArchiveName", `,"State":"ENABLED"`, "a b ba"},
		{"ListArchives", "Archives", "ArchiveName", `,"State":"DISABLED"`, ""},
		{"ListReplays", "Replays", "ReplayName", ``, "r1 r2"},
		{"ListReplays", "Replays", "ReplayName", `,"NamePrefix":"r2"`, "r2"},
		{"ListReplays", "Replays", "ReplayName", `,"State":"CANCELLING"`, "r2"},
		{"ListReplays", "Replays", "ReplayName", `,"EventSourceArn":"` + theArchive + `"`, "r1 r2"},
		{"ListReplays", "Replays", "ReplayName", `,"EventSourceArn":"` + theArchive + `b"`, ""},
	} {
		var names []string
		for token := ""; ; {
			out := a.do(c.operation, `{"Limit":1`+c.filter+token+`}`)
			for _, x := range out[c.list].([]any) {
				names = append(names, x.(map[string]any)[c.name].(string))
			}
			next, more := out["NextToken"].(string)
			if !more {
				break
			}
			token = `,"NextToken":"` + next + `"`
		}
		if got := strings.Join(names, " "); got != c.want {
			t.Errorf("%s with %s: %q, want %q", c.operation, c.filter, got, c.want)
		}
	}
}
