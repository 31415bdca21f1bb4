package server_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	ebtypes "github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/carillon-events/carillon/internal/server"
)

// shop is a server with an archive "a" of the default bus that has ten events,
// a second apart, and rules on the default bus and on the bus "lab".
func shop(t *testing.T) *server.Running {
	r := start(t, quick())
	config := configured(t, r, "000000000000", "x")
	events, queues := eventbridge.NewFromConfig(config), sqs.NewFromConfig(config)
	must := func(_ any, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(events.CreateArchive(t.Context(), &eventbridge.CreateArchiveInput{ArchiveName: aws.String("a"),
		EventSourceArn: aws.String("arn:aws:events:" + config.Region + ":000000000000:event-bus/default")}))
	var entries []ebtypes.PutEventsRequestEntry
	for n := range 10 {
		entries = append(entries, ebtypes.PutEventsRequestEntry{Source: aws.String("shop"), DetailType: aws.String("t"),
			Detail: aws.String(fmt.Sprintf(`{"n":%d}`, n)), Time: aws.Time(time.Unix(int64(1000+n), 0))})
	}
	must(events.PutEvents(t.Context(), &eventbridge.PutEventsInput{Entries: entries}))
	must(events.CreateEventBus(t.Context(), &eventbridge.CreateEventBusInput{Name: aws.String("lab")}))
	must(queues.CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: aws.String("q")}))
	arn := aws.String("arn:aws:sqs:" + config.Region + ":000000000000:q")
	for _, rule := range []struct{ bus, name, pattern string }{
		{"default", "big", `{"detail":{"n":[{"numeric":[">=",8]}]}}`}, {"default", "none", `{"source":["bank"]}`},
		{"lab", "all", `{"source":["shop"]}`}, {"lab", "first", `{"detail":{"n":[0]},"replay-name":["once"]}`},
	} {
		must(events.PutRule(t.Context(), &eventbridge.PutRuleInput{Name: &rule.name, EventBusName: &rule.bus, EventPattern: &rule.pattern}))
		must(events.PutTargets(t.Context(), &eventbridge.PutTargetsInput{Rule: &rule.name, EventBusName: &rule.bus,
			Targets: []ebtypes.Target{{Id: aws.String("1"), Arn: arn}, {Id: aws.String("2"), Arn: arn}}}))
	}
	return r
}

// post sends a request to ReplayPath.
func postReplay(t *testing.T, r *server.Running, body string) (string, int) {
	t.Helper()
	resp, err := http.Post(r.URL+server.ReplayPath, "application/json", strings.NewReader(strings.Replace(body, `{"do"`, `{"region":"eu-west-1","do"`, 1)))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(answer)), resp.StatusCode
}

// status is a request that is answered with a status.
func status(t *testing.T, r *server.Running, body string) (s server.ReplayStatus) {
	t.Helper()
	answer, code := postReplay(t, r, body)
	if err := json.Unmarshal([]byte(answer), &s); err != nil || code != http.StatusOK {
		t.Fatalf("%s is answered %d: %s", body, code, answer)
	}
	return s
}

// ended waits until a replay has.
func ended(t *testing.T, r *server.Running, name string) server.ReplayStatus {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		s := status(t, r, `{"do":"show","name":"`+name+`"}`)
		if s.State.Ended() {
			return s
		}
		if time.Now().After(deadline) {
			t.Fatalf("replay %s is still %+v", name, s)
		}
	}
}

func TestADryRunSaysWhatAReplayWouldDoAndDoesNothing(t *testing.T) {
	r := shop(t)
	for _, c := range []struct{ name, more, want string }{
		{"the archive's bus", ``, `{"events":10,"unmatched":8,"deliveries":4,"rules":{"big":{"events":2,"deliveries":4}},"done":true}`},
		{"another bus", `,"bus":"lab","name":"once"`, `{"events":10,"unmatched":0,"deliveries":22,"rules":{"all":{"events":10,"deliveries":20},"first":{"events":1,"deliveries":2}},"done":true}`},
		{"under another name", `,"bus":"lab"`, `{"events":10,"unmatched":0,"deliveries":20,"rules":{"all":{"events":10,"deliveries":20}},"done":true}`},
		{"to one rule", `,"rules":["none"]`, `{"events":10,"unmatched":10,"deliveries":0,"rules":{},"done":true}`},
		{"of a window", `,"from":"1970-01-01T00:16:41Z","to":"1970-01-01T00:16:49Z"`, `{"events":8,"unmatched":7,"deliveries":2,"rules":{"big":{"events":1,"deliveries":2}},"done":true}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			answer, code := postReplay(t, r, `{"do":"dry-run","archive":"a"`+c.more+`}`)
			if code != http.StatusOK || answer != c.want {
				t.Errorf("answered %d: %s\nwant     %s", code, answer, c.want)
			}
		})
	}
	if answer, _ := postReplay(t, r, `{"do":"list"}`); answer != `{"replays":[]}` {
		t.Errorf("replays after dry runs: %s", answer)
	}
}

func TestAReplayDoesWhatItsDryRunSaidOnAnotherBus(t *testing.T) {
	r := shop(t)
	lines, code := tail(t, r, "?bus=lab")
	if code != http.StatusOK {
		t.Fatal(code)
	}
	begun := status(t, r, `{"do":"start","archive":"a","bus":"lab","name":"once","rules":["first"],"description":"d"}`)
	if begun.State != "starting" || begun.Description != "d" || !strings.HasSuffix(begun.Bus, ":event-bus/lab") || len(begun.Rules) != 1 {
		t.Errorf("started: %+v", begun)
	}
	for n := range 10 {
		if line := <-lines; !strings.Contains(line, fmt.Sprintf(`"n":%d`, n)) || strings.Contains(line, `"rules":["first"]`) != (n == 0) {
			t.Errorf("event %d: %s", n, line)
		}
	}
	s := ended(t, r, "once")
	if s.State != "completed" || s.Replayed != 10 || !s.FirstAt.Equal(time.Unix(1000, 0)) || !s.LastAt.Equal(time.Unix(1009, 0)) {
		t.Errorf("ended: %+v", s)
	}
	if answer, code := postReplay(t, r, `{"do":"cancel","name":"once"}`); code != http.StatusConflict {
		t.Errorf("cancel what ended: %d: %s", code, answer)
	}
}

func TestASlowReplayIsCancelled(t *testing.T) {
	r := shop(t)
	status(t, r, `{"do":"start","archive":"a","name":"slow","speed":0.001}`)
	if s := status(t, r, `{"do":"cancel","name":"slow"}`); s.State != "cancelling" || s.Speed != 0.001 {
		t.Errorf("cancelled: %+v", s)
	}
	if s := ended(t, r, "slow"); s.State != "cancelled" || s.Replayed > 1 {
		t.Errorf("ended: %+v", s)
	}
	answer, _ := postReplay(t, r, `{"do":"list","archive":"a"}`)
	if !strings.Contains(answer, `"name":"slow"`) {
		t.Errorf("listed: %s", answer)
	}
}

func TestReplayRequestsThatMakeNoSenseAreRefusedAndChangeNothing(t *testing.T) {
	r := shop(t)
	for _, c := range []struct {
		body, want string
		code       int
	}{
		{`nonsense`, "cannot be read", 400},
		{`{"do":"start","archive":"a","name":"r","sped":1}`, `unknown field "sped"`, 400},
		{`{"do":"dance"}`, "Field do is not valid", 400},
		{`{"do":"start","archive":"a"}`, "Field name is not valid", 400},
		{`{"do":"start","archive":"a\u0000b","name":"r"}`, "Field archive is not valid", 400},
		{`{"do":"list","after":"a\u0000b"}`, "Field after is not valid", 400},
		{`{ "do":"list","region":"a\u0000b"}`, "Field region is not valid", 400},
		{`{"do":"start","archive":"a","name":"r","bus":"x\u0000"}`, "Field bus is not valid", 400},
		{`{"do":"start","archive":"a","name":"r","rules":["x y"]}`, "Field rules is not valid", 400},
		{`{"do":"start","archive":"a","name":"r","speed":-1}`, "Field speed is not valid", 400},
		{`{"do":"start","archive":"a","name":"r","speed":1e7}`, "Field speed is not valid", 400},
		{`{"do":"start","archive":"a","name":"r","from":"2026-01-02T00:00:00Z","to":"2026-01-01T00:00:00Z"}`, "Field to is not valid", 400},
		{`{"do":"start","archive":"x","name":"r"}`, "archive x: archive does not exist", 404},
		{`{"do":"start","archive":"a","name":"r","bus":"x"}`, "bus x: bus does not exist", 404},
		{`{"do":"start","archive":"a","name":"r","rules":["x"]}`, "rule x on bus default: rule does not exist", 404},
		{`{"do":"dry-run","archive":"a","rules":["x"]}`, "rule does not exist", 404},
		{`{"do":"show","name":"x"}`, "replay x: replay does not exist", 404},
		{`{"do":"cancel","name":"x"}`, "replay does not exist", 404},
	} {
		if answer, code := postReplay(t, r, c.body); code != c.code || !strings.Contains(answer, c.want) {
			t.Errorf("%s is answered %d: %s\nwant %d: %s", c.body, code, answer, c.code, c.want)
		}
	}
	if answer, _ := postReplay(t, r, `{"do":"list"}`); answer != `{"replays":[]}` {
		t.Errorf("refused, and there: %s", answer)
	}
	status(t, r, `{"do":"start","archive":"a","name":"r"}`)
	if answer, code := postReplay(t, r, `{"do":"start","archive":"a","name":"r"}`); code != http.StatusConflict {
		t.Errorf("again: %d: %s", code, answer)
	}
}
