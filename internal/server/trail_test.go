package server_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	ebtypes "github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/carillon-events/carillon/internal/server"
)

const region = "eu-west-1"

// told is a server with a bus, and whoever asks it about events.
type told struct {
	t      *testing.T
	r      *server.Running
	events *eventbridge.Client
	queues *sqs.Client
}

func tell(t *testing.T, set func(*server.Config)) *told {
	c := quick()
	if set != nil {
		set(&c)
	}
	r := start(t, c)
	config := configured(t, r, "000000000000", "x")
	return &told{t, r, eventbridge.NewFromConfig(config), sqs.NewFromConfig(config)}
}

func (n *told) queue(name string) string {
	n.t.Helper()
	if _, err := n.queues.CreateQueue(n.t.Context(), &sqs.CreateQueueInput{QueueName: &name}); err != nil {
		n.t.Fatal(err)
	}
	return "arn:aws:sqs:" + region + ":000000000000:" + name
}

func (n *told) rule(bus, name, pattern string, targets ...ebtypes.Target) {
	n.t.Helper()
	if _, err := n.events.PutRule(n.t.Context(), &eventbridge.PutRuleInput{Name: &name, EventBusName: &bus, EventPattern: &pattern}); err != nil {
		n.t.Fatal(err)
	}
	if len(targets) == 0 {
		return
	}
	if _, err := n.events.PutTargets(n.t.Context(), &eventbridge.PutTargetsInput{Rule: &name, EventBusName: &bus, Targets: targets}); err != nil {
		n.t.Fatal(err)
	}
}

func (n *told) bus(name string) string {
	n.t.Helper()
	if _, err := n.events.CreateEventBus(n.t.Context(), &eventbridge.CreateEventBusInput{Name: &name}); err != nil {
		n.t.Fatal(err)
	}
	return "arn:aws:events:" + region + ":000000000000:event-bus/" + name
}

// put puts an event and returns its id.
func (n *told) put(bus, source, detail string) string {
	n.t.Helper()
	out, err := n.events.PutEvents(n.t.Context(), &eventbridge.PutEventsInput{Entries: []ebtypes.PutEventsRequestEntry{{
		EventBusName: &bus, Source: &source, DetailType: aws.String("Order"), Detail: &detail,
	}}})
	if err != nil || out.FailedEntryCount != 0 {
		n.t.Fatal(err, out)
	}
	return *out.Entries[0].EventId
}

// ask asks the trail, and wants that status.
func (n *told) ask(status int, below string, query url.Values, answer any) string {
	n.t.Helper()
	resp, err := http.Get(n.r.URL + server.TrailPath + below + "?" + query.Encode())
	if err != nil {
		n.t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != status {
		n.t.Fatalf("%s %v: status %d, %s, %v", below, query, resp.StatusCode, text, err)
	}
	if answer != nil {
		if err := json.Unmarshal(text, answer); err != nil {
			n.t.Fatalf("%s: %v", text, err)
		}
	}
	return string(text)
}

func (n *told) show(id string) server.TrailAnswer {
	n.t.Helper()
	var a server.TrailAnswer
	n.ask(http.StatusOK, "/"+id, url.Values{"unmatched": {"10"}}, &a)
	return a
}

// find is the ids that a query finds, over all pages.
func (n *told) find(pairs ...string) (ids []string) {
	n.t.Helper()
	query := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		query.Set(pairs[i], pairs[i+1])
	}
	for {
		var page server.TrailPage
		n.ask(http.StatusOK, "", query, &page)
		for _, e := range page.Events {
			ids = append(ids, e.EventID)
		}
		if page.Next == "" {
			return ids
		}
		query.Set("token", page.Next)
	}
}

func (n *told) wantFound(want []string, pairs ...string) {
	n.t.Helper()
	if got := n.find(pairs...); fmt.Sprint(got) != fmt.Sprint(want) {
		n.t.Errorf("%q finds %q, want %q", pairs, got, want)
	}
}

// outcomes are what became of an event, "bus rule target outcome" each.
func outcomes(a server.TrailAnswer) (all []string) {
	for _, p := range a.Passages {
		for _, r := range p.Rules {
			for _, t := range r.Targets {
				all = append(all, strings.Join([]string{p.Bus, r.Rule, t.ID, t.Outcome}, " "))
			}
		}
	}
	return all
}

func to(id, arn string) ebtypes.Target { return ebtypes.Target{Id: &id, Arn: &arn} }

func TestTheTrailTellsWhereAnEventWent(t *testing.T) {
	n := tell(t, nil)
	here, there := n.queue("here"), "arn:aws:sqs:"+region+":000000000000:there"
	n.bus("shop")
	beside := n.bus("beside")
	n.rule("shop", "all", `{"source":["shop"]}`, to("here", here), to("missing", there))
	shown := to("shown", here)
	shown.InputPath = aws.String("$.detail")
	n.rule("shop", "on", `{"detail":{"n":[{"exists":true}]}}`, to("beside", beside), shown)
	n.rule("shop", "big", `{"detail":{"n":[{"numeric":[">",100]}]}}`, to("here", here))
	n.rule("beside", "in", `{"source":["shop"]}`, to("here", here))
	id := n.put("shop", "shop", `{"n": 5}`)

	a := n.show(id)
	want := []string{"shop all here delivered", "shop all missing waiting", "shop on beside delivered", "shop on shown delivered", "beside in here delivered"}
	if got := outcomes(a); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	first, second := a.Passages[0], a.Passages[1]
	if string(first.Event) == "" || first.Source != "shop" || first.DetailType != "Order" || first.Fate != "accepted" || time.Since(first.AcceptedAt) > time.Minute {
		t.Errorf("%+v", first)
	}
	if second.From != "arn:aws:events:"+region+":000000000000:rule/shop/on" || second.Via != first.Rules[1].Targets[0].Key {
		t.Errorf("%+v", second)
	}
	if saw := string(first.Rules[1].Targets[1].Saw); saw != `{"n":5}` && saw != `{"n": 5}` {
		t.Errorf("the target saw %s", saw)
	}
	if !strings.Contains(first.Rules[0].Targets[1].Reason, "does not exist") {
		t.Errorf("%+v", first.Rules[0].Targets[1])
	}
	if len(first.Unmatched) != 1 || first.Unmatched[0].Rule != "big" || !strings.Contains(first.Unmatched[0].Reason, "detail.n") {
		t.Errorf("%+v", first.Unmatched)
	}
}

func TestAnEventThatWentNowhereHasATrailToo(t *testing.T) {
	n := tell(t, nil)
	n.rule("default", "untargeted", `{"source":["shop"]}`)
	lost, alone := n.put("nowhere", "shop", `{}`), n.put("default", "shop", `{}`)
	if a := n.show(lost); len(a.Passages) != 1 || a.Passages[0].Fate != "no-bus" || a.Passages[0].Bus != "nowhere" {
		t.Errorf("%+v", a)
	}
	a := n.show(alone)
	if len(a.Passages[0].Rules) != 0 || len(a.Passages[0].Unmatched) != 1 || a.Passages[0].Unmatched[0].Reason != "the rule has no targets" {
		t.Errorf("%+v", a)
	}
	n.wantFound([]string{alone, lost}, "outcome", "unmatched")
	n.wantFound([]string{lost}, "bus", "nowhere")
	n.ask(http.StatusNotFound, "/019ab6f2-7d3e-7c41-9a55-0e8f6b1d2c33", nil, nil)
	n.ask(http.StatusNotFound, "/%3F%00", nil, nil)
}

func TestTheTrailHoldsEveryAttemptAndHowItEnded(t *testing.T) {
	n := tell(t, nil)
	dead := n.queue("dead")
	gone := to("gone", "arn:aws:sqs:"+region+":000000000000:gone")
	gone.RetryPolicy = &ebtypes.RetryPolicy{MaximumRetryAttempts: aws.Int32(0)}
	lost := gone
	lost.Id = aws.String("lost")
	gone.DeadLetterConfig = &ebtypes.DeadLetterConfig{Arn: &dead}
	n.rule("default", "r", `{"source":["shop"]}`, gone, lost)
	id := n.put("default", "shop", `{}`)
	var a server.TrailAnswer
	for deadline := time.Now().Add(10 * time.Second); ; { // the outbox ends them behind the answer
		a = n.show(id)
		if got := outcomes(a); got[0] == "default r gone dead-lettered" && got[1] == "default r lost dropped" {
			break
		} else if time.Now().After(deadline) {
			t.Fatal(got)
		}
	}
	ended := a.Passages[0].Rules[0].Targets
	if ended[0].DeadLetter != dead || len(ended[0].Attempts) != 1 || ended[1].DeadLetter != "" || ended[1].Attempts[0].Lost == "" {
		t.Errorf("%+v", ended)
	}
	n.wantFound([]string{id}, "outcome", "dead-lettered", "rule", "r", "target", "gone")
	n.wantFound(nil, "outcome", "dead-lettered", "target", "lost")
	n.wantFound([]string{id}, "outcome", "dropped", "target", *lost.Arn)
}

func TestTheTrailIsSearched(t *testing.T) {
	n := tell(t, nil)
	n.rule("default", "even", `{"detail":{"even":[true]}}`, to("q", n.queue("q")))
	var all, even []string
	began := time.Now().Add(-time.Second)
	for i := range 7 {
		id := n.put("default", fmt.Sprint("s", i), fmt.Sprintf(`{"even": %t}`, i%2 == 0))
		all = append([]string{id}, all...)
		if i%2 == 0 {
			even = append([]string{id}, even...)
		}
	}
	n.wantFound(all)
	n.wantFound(all, "limit", "2")
	n.wantFound(even, "rule", "even")
	n.wantFound(even, "rule", "arn:aws:events:"+region+":000000000000:rule/even", "outcome", "delivered", "limit", "1")
	n.wantFound([]string{all[6], all[5]}, "order", "oldest", "pattern", `{"source":["s0","s1"]}`)
	n.wantFound(all, "from", began.Format(time.RFC3339), "until", time.Now().Add(time.Minute).Format(time.RFC3339Nano))
	n.wantFound(nil, "until", began.Format(time.RFC3339))
	for name, bad := range map[string]string{"from": "yesterday", "limit": "0", "outcome": "lucky", "order": "up", "pattern": "{", "token": "xyz", "until": "1066-01-01T00:00:00Z"} {
		if text := n.ask(http.StatusBadRequest, "", url.Values{name: {bad}}, nil); name != "token" && !strings.Contains(text, name) {
			t.Errorf("%s: %s", name, text)
		}
	}
}

func TestARuleIsExplainedAsItIsNow(t *testing.T) {
	n := tell(t, nil)
	q := n.queue("q")
	n.rule("default", "r", `{"source":["shop"]}`, to("q", q))
	n.rule("default", "other", `{"source":["bank"]}`, to("q", q))
	id := n.put("default", "shop", `{}`)
	explained := func(rule string) (x server.TrailExplanation) {
		n.ask(http.StatusOK, "/"+id+"/explain", url.Values{"rule": {rule}}, &x)
		return x
	}
	if x := explained("r"); !x.Matched || x.Since != "" || !x.Explanation.Matched {
		t.Errorf("%+v", x)
	}
	if x := explained("other"); x.Matched || x.Note != "" || x.Explanation.Matched {
		t.Errorf("%+v", x)
	}
	n.rule("default", "r", `{"source":["bank"]}`)
	n.rule("default", "other", `{"source":["shop"]}`)
	n.rule("default", "late", `{"source":["shop"]}`)
	if x := explained("r"); !x.Matched || x.Since != "changed" || x.Explanation.Matched {
		t.Errorf("%+v", x)
	}
	if x := explained("arn:aws:events:" + region + ":000000000000:rule/other"); !strings.Contains(x.Note, "matches now") {
		t.Errorf("%+v", x)
	}
	if x := explained("late"); !strings.Contains(x.Note, "made after") {
		t.Errorf("%+v", x)
	}
	n.ask(http.StatusNotFound, "/"+id+"/explain", url.Values{"rule": {"none"}}, nil)
	n.ask(http.StatusNotFound, "/"+id+"/explain", url.Values{"rule": {"r"}, "bus": {"none"}}, nil)
	n.ask(http.StatusBadRequest, "/"+id+"/explain", nil, nil)
	n.ask(http.StatusBadRequest, "/"+id+"/more", nil, nil)
}

func TestWithoutATrailThereIsNone(t *testing.T) {
	n := tell(t, func(c *server.Config) { c.NoTrail = true })
	n.put("default", "shop", `{}`)
	n.wantFound(nil)
}

func TestTheTrailIsOnlyRead(t *testing.T) {
	n := tell(t, nil)
	resp, err := http.Post(n.r.URL+server.TrailPath, "", nil)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if resp.StatusCode != http.StatusMethodNotAllowed {
		t.Errorf("status %d", resp.StatusCode)
	}
}

func TestAReplayedEventTellsOfBothTimes(t *testing.T) {
	n := tell(t, nil)
	n.rule("default", "r", `{"source":["shop"]}`, to("q", n.queue("q")))
	def := "arn:aws:events:" + region + ":000000000000:event-bus/default"
	archived, err := n.events.CreateArchive(t.Context(), &eventbridge.CreateArchiveInput{ArchiveName: aws.String("all"), EventSourceArn: &def})
	if err != nil {
		t.Fatal(err)
	}
	id := n.put("default", "shop", `{}`)
	_, err = n.events.StartReplay(t.Context(), &eventbridge.StartReplayInput{
		ReplayName: aws.String("again"), EventSourceArn: archived.ArchiveArn, EventStartTime: aws.Time(time.Now().Add(-time.Hour)),
		EventEndTime: aws.Time(time.Now().Add(time.Hour)), Destination: &ebtypes.ReplayDestination{Arn: &def},
	})
	if err != nil {
		t.Fatal(err)
	}
	var a server.TrailAnswer
	for deadline := time.Now().Add(10 * time.Second); len(a.Passages) < 2; a = n.show(id) {
		if time.Now().After(deadline) {
			t.Fatalf("%+v", a)
		}
	}
	first, second := a.Passages[0], a.Passages[1]
	if first.Replay != "" || len(first.Rules) != 2 || !first.Rules[0].Archive || first.Rules[0].Targets[0].Outcome != "delivered" {
		t.Errorf("%+v", first)
	}
	if second.Replay != "again" || len(second.Rules) != 1 || second.Rules[0].Targets[0].Key == first.Rules[1].Targets[0].Key {
		t.Errorf("%+v", second)
	}
}

func TestAPartnersEventOfAPendingSourceHasATrail(t *testing.T) {
	n := tell(t, nil)
	const source = "aws.partner/shop.example/orders"
	_, err := n.events.CreatePartnerEventSource(t.Context(), &eventbridge.CreatePartnerEventSourceInput{Name: aws.String(source), Account: aws.String("111122223333")})
	if err != nil {
		t.Fatal(err)
	}
	out, err := n.events.PutPartnerEvents(t.Context(), &eventbridge.PutPartnerEventsInput{Entries: []ebtypes.PutPartnerEventsRequestEntry{
		{Source: aws.String(source), DetailType: aws.String("Order"), Detail: aws.String(`{}`)},
	}})
	if err != nil || out.FailedEntryCount != 0 {
		t.Fatal(err, out)
	}
	a := n.show(*out.Entries[0].EventId)
	if p := a.Passages[0]; p.Fate != "source-pending" || p.Account != "111122223333" || p.Bus != source {
		t.Errorf("%+v", p)
	}
}
