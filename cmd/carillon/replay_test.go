package main

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"

	"github.com/carillon-events/carillon/internal/server"
)

func TestAReplayIsStartedWatchedAndShownFromTheCommandLine(t *testing.T) {
	t.Setenv("AWS_REGION", "us-east-1")
	t.Setenv("AWS_ACCESS_KEY_ID", "111122223333")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "x")
	r, _ := running(t, nil)
	client := eventbridge.New(eventbridge.Options{Region: "us-east-1", BaseEndpoint: aws.String(r.URL), Credentials: credentials.NewStaticCredentialsProvider("111122223333", "x", "")})
	if _, err := client.CreateArchive(t.Context(), &eventbridge.CreateArchiveInput{ArchiveName: aws.String("orders"), EventSourceArn: aws.String("arn:aws:events:us-east-1:111122223333:event-bus/default")}); err != nil {
		t.Fatal(err)
	}
	for n := range 3 {
		_, err := client.PutEvents(t.Context(), &eventbridge.PutEventsInput{Entries: []types.PutEventsRequestEntry{{
			Source: aws.String("shop"), DetailType: aws.String("t"), Detail: aws.String(`{}`), Time: aws.Time(time.Date(2026, 1, 1+n, 0, 0, 0, 0, time.UTC)),
		}}})
		if err != nil {
			t.Fatal(err)
		}
	}
	if _, err := client.CreateEventBus(t.Context(), &eventbridge.CreateEventBusInput{Name: aws.String("lab")}); err != nil {
		t.Fatal(err)
	}
	replay := func(args ...string) (string, error) {
		return carillon(t.Context(), append(append([]string{"replay"}, args...), "--endpoint", r.URL)...)
	}
	want(t, "would replay 2 events and make 0 deliveries; 2 events match no rule")(replay("start", "orders", "--from", "2026-01-02", "--dry-run"))
	want(t, `"events":1`, `"done":true`)(replay("start", "orders", "--to", "2026-01-01T12:00:00Z", "--dry-run", "--json"))
	want(t, "completed", "event-bus/lab", "events       3", "2026-01-03T00:00:00Z", "max")(replay("start", "orders", "--bus", "lab", "--name", "fast"))
	want(t, "slow", "0.5x")(replay("start", "orders", "--name", "slow", "--speed", "0.5x", "--detach"))
	want(t, "cancel", "slow")(replay("cancel", "slow"))
	want(t, "cancelled")(replay("show", "slow", "--follow"))
	want(t, "completed   fast", "cancelled   slow", "events of orders")(replay("list"))
	want(t, `"state":"completed"`)(replay("show", "fast", "--json"))
	refused(t, "404", "archive none: archive does not exist")(replay("start", "none"))
	refused(t, "409", "neither starting nor running")(replay("cancel", "fast"))
	refused(t, "archive does not exist")(replay("start", "orders", "--region", "eu-west-1", "--dry-run"))
	refused(t, "--speed")(replay("start", "orders", "--speed", "fast"))
	refused(t, "--from")(replay("start", "orders", "--from", "yesterday"))
}

func TestTimesAndSpeedsOfAReplay(t *testing.T) {
	now := time.Date(2026, 5, 5, 12, 0, 0, 0, time.UTC)
	for text, want := range map[string]string{
		"": "0001-01-01T00:00:00Z", "2026-01-02": "2026-01-02T00:00:00Z", "2026-01-02T03:04:05+02:00": "2026-01-02T01:04:05Z",
		"2h": "2026-05-05T10:00:00Z", "-2h": "", "now": "",
	} {
		got, err := parseWhen("from", text, now)
		if (err == nil) != (want != "") || err == nil && got.UTC().Format(time.RFC3339) != want {
			t.Errorf("%q is %v, %v, want %s", text, got, err, want)
		}
	}
	for text, want := range map[string]float64{"max": 0, "10x": 10, "0.5x": 0.5, "x": -1, "10": -1, "0x": -1, "NaNx": -1, "Infx": -1, "1e7x": -1} {
		if got, err := parseSpeed(text); (err == nil) != (want >= 0) || err == nil && got != want {
			t.Errorf("%q is %v, %v", text, got, err)
		}
	}
}

func TestTheBarOfAReplayFollowsTheTimesOfItsEvents(t *testing.T) {
	at := func(n int) time.Time { return time.Unix(int64(n), 0) }
	for _, c := range []struct {
		s    server.ReplayStatus
		want float64
	}{
		{server.ReplayStatus{State: "starting", To: at(200), StartedAt: at(300), FirstAt: at(100)}, 0},
		{server.ReplayStatus{State: "running", To: at(200), StartedAt: at(300), FirstAt: at(100), LastAt: at(150)}, 0.5},
		{server.ReplayStatus{State: "running", To: at(900), StartedAt: at(200), FirstAt: at(100), LastAt: at(125)}, 0.25},
		{server.ReplayStatus{State: "running", To: at(900), StartedAt: at(200), FirstAt: at(100), LastAt: at(500)}, 1},
		{server.ReplayStatus{State: "running", To: at(100), StartedAt: at(200), FirstAt: at(100), LastAt: at(100)}, 0},
		{server.ReplayStatus{State: "completed"}, 1},
	} {
		if got := fraction(&c.s); got != c.want {
			t.Errorf("%+v: %v, want %v", c.s, got, c.want)
		}
		if got := len(bar(c.want)); got != barWidth+2 {
			t.Errorf("a bar of %d", got)
		}
	}
}
