package events

import (
	"context"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/carillon-events/carillon/internal/bus"
	"github.com/carillon-events/carillon/internal/queue"
)

func TestARuleSendsToTheBusOfAnotherAccountAndRegion(t *testing.T) {
	a := start(t, bus.DefaultLimits)
	const theirs = "arn:aws:events:us-east-1:999999999999:event-bus/default"
	a.do("PutRule", `{"Name":"on","EventPattern":"{\"source\":[\"shop\"]}"}`)
	a.do("PutTargets", `{"Rule":"on","Targets":[{"Id":"t","Arn":"`+theirs+`","RoleArn":"arn:aws:iam::111122223333:role/r"}]}`)
	a.want("ListTargetsByRule", `{"Rule":"on"}`, `{"Targets":[{"Id":"t","Arn":"`+theirs+`","RoleArn":"arn:aws:iam::111122223333:role/r"}]}`)
	ours := a.call

	a.call.Account, a.call.Region = "999999999999", "us-east-1"
	q := a.queue("q", queue.Config{})
	a.do("PutRule", `{"Name":"in","EventPattern":"{\"account\":[\"111122223333\"]}"}`)
	a.do("PutTargets", `{"Rule":"in","Targets":[{"Id":"t","Arn":"`+q+`"}]}`)
	their := a.call

	a.call = ours
	answer := a.do("PutEvents", `{"Entries":[{"Source":"shop","DetailType":"paid","Detail":"{\"n\":1}"},{"Source":"else","DetailType":"paid","Detail":"{}"}]}`)
	id := answer["Entries"].([]any)[0].(map[string]any)["EventId"].(string)
	a.call = their
	got := a.received("q")
	if len(got) != 1 || !strings.Contains(got[0], `"id":"`+id+`","detail-type":"paid","source":"shop","account":"111122223333"`) ||
		!strings.Contains(got[0], `"region":"eu-west-1"`) {
		t.Errorf("received %q", got)
	}
}

func TestBusTargetsThatMakeNoSenseAreRefused(t *testing.T) {
	a := start(t, bus.DefaultLimits)
	a.do("CreateEventBus", `{"Name":"orders"}`)
	a.do("PutRule", `{"Name":"r","EventBusName":"orders","EventPattern":"{\"a\":[1]}"}`)
	const arn = "arn:aws:events:eu-west-1:111122223333:event-bus/"
	for target, want := range map[string]string{
		`"Arn":"` + arn + `a b"`:                                            "Parameter " + arn + "a b is not valid. Reason: Provided Arn is not in correct format.",
		`"Arn":"` + arn + `"`:                                               "Parameter " + arn + " is not valid. Reason: Provided Arn is not in correct format.",
		`"Arn":"arn:aws:events:::event-bus/a"`:                              "Parameter arn:aws:events:::event-bus/a is not valid. Reason: Provided Arn is not in correct format.",
		`"Arn":"arn:aws:events:eu-west-1:111122223333:endpoint/d"`:          "Parameter Arn is not valid. Reason: Carillon does not deliver to endpoint yet (target x: arn:aws:events:eu-west-1:111122223333:endpoint/d).",
		`"Arn":"` + arn + `orders"`:                                         "Parameter Arn is not valid. Reason: A rule must not send to its own event bus (target x).",
		`"Arn":"` + arn + `a","SqsParameters":{}`:                           "Parameter SqsParameters is not valid. Reason: It is not supported for event bus targets (target x).",
		`"Arn":"` + arn + `a","Input":"{}"`:                                 "Parameter Input is not valid. Reason: It is not supported for event bus targets (target x).",
		`"Arn":"` + arn + `a","InputTransformer":{"InputTemplate":"\"x\""}`: "Parameter InputTransformer is not valid. Reason: It is not supported for event bus targets (target x).",
	} {
		a.refused("PutTargets", `{"Rule":"r","EventBusName":"orders","Targets":[{"Id":"x",`+target+`}]}`, "ValidationException", want)
	}
}

func TestATargetOfTheSecondBusSeesWhenTheEventCameIn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // for the time
		a := start(t, bus.DefaultLimits)
		q := a.queue("q", queue.Config{})
		a.do("CreateEventBus", `{"Name":"second"}`)
		a.do("PutRule", `{"Name":"on","EventPattern":"{\"source\":[\"shop\"]}"}`)
		a.do("PutTargets", `{"Rule":"on","Targets":[{"Id":"t","Arn":"arn:aws:events:eu-west-1:111122223333:event-bus/second"}]}`)
		a.do("PutRule", `{"Name":"in","EventBusName":"second","EventPattern":"{\"source\":[\"shop\"]}"}`)
		a.do("PutTargets", `{"Rule":"in","EventBusName":"second","Targets":[{"Id":"t","Arn":"`+q+`","InputTransformer":{"InputTemplate":"\"<aws.events.event.ingestion-time> <aws.events.rule-arn>\""}}]}`)
		for range 2 { // before and after the second bus's rules are known
			a.do("PutEvents", `{"Entries":[{"Source":"shop","DetailType":"paid","Time":1,"Detail":"{}"}]}`)
			got := a.received("q")
			if want := `"2000-01-01T00:00:00Z arn:aws:events:eu-west-1:111122223333:rule/second/in"`; len(got) != 1 || got[0] != want {
				t.Errorf("received %q, want %s", got, want)
			}
		}
	})
}

func TestAnEventForABusThatNeverComesIsADeadLetter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := start(t, bus.DefaultLimits)
		dead := a.queue("dead", queue.Config{})
		a.do("PutRule", `{"Name":"on","EventPattern":"{\"source\":[\"shop\"]}"}`)
		a.do("PutTargets", `{"Rule":"on","Targets":[{"Id":"t","Arn":"arn:aws:events:eu-west-1:111122223333:event-bus/never",
			"RetryPolicy":{"MaximumRetryAttempts":0},"DeadLetterConfig":{"Arn":"`+dead+`"}}]}`)
		a.do("PutEvents", `{"Entries":[{"Source":"shop","DetailType":"paid","Detail":"{\"n\":1}"}]}`)
		ctx, cancel := context.WithCancel(t.Context())
		ran := make(chan error, 1)
		go func() { ran <- a.outbox.Run(ctx, a.shard, slog.New(slog.DiscardHandler)) }()
		defer func() {
			cancel()
			if err := <-ran; err != nil {
				t.Error(err)
			}
		}()
		time.Sleep(time.Minute)
		if got := a.received("dead"); len(got) != 1 || !strings.Contains(got[0], `"detail":{"n":1}`) {
			t.Errorf("received %q", got)
		}
	})
}
