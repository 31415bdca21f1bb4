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
	"github.com/carillon-events/carillon/internal/timer"
)

// fire runs the timers of a until the test ends, in a bubble.
func (a *api) fire() (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	loop := &timer.Loop{Shard: a.shard, Logger: slog.New(slog.DiscardHandler), Handlers: map[timer.Kind]timer.Handler{
		timer.RuleSchedule: bus.New(a.outbox, bus.DefaultLimits).Fire, timer.QueueSweep: queue.Sweep,
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

func TestAScheduleIsDescribedAndListed(t *testing.T) {
	a := start(t, bus.DefaultLimits)
	const rule = `"Name":"r","Arn":"arn:aws:events:eu-west-1:111122223333:rule/r"`
	a.want("PutRule", `{"Name":"r","ScheduleExpression":"rate(5 minutes)"}`, `{"RuleArn":"arn:aws:events:eu-west-1:111122223333:rule/r"}`)
	a.want("DescribeRule", `{"Name":"r"}`, `{`+rule+`,"ScheduleExpression":"rate(5 minutes)","State":"ENABLED","EventBusName":"default","CreatedBy":"111122223333"}`)
	a.do("PutRule", `{"Name":"r","EventBusName":"default","ScheduleExpression":"cron(0 18 ? * MON-FRI *)","EventPattern":"{\"a\":[1]}","State":"DISABLED"}`)
	a.want("ListRules", `{}`, `{"Rules":[{`+rule+`,"EventPattern":"{\"a\":[1]}","State":"DISABLED","ScheduleExpression":"cron(0 18 ? * MON-FRI *)","EventBusName":"default"}]}`)
	a.do("PutRule", `{"Name":"r","EventPattern":"{\"a\":[1]}","ScheduleExpression":""}`)
	a.want("DescribeRule", `{"Name":"r"}`, `{`+rule+`,"EventPattern":"{\"a\":[1]}","State":"ENABLED","EventBusName":"default","CreatedBy":"111122223333"}`)
}

func TestASchedulesMistakesAreNamed(t *testing.T) {
	a := start(t, bus.DefaultLimits)
	a.do("CreateEventBus", `{"Name":"orders"}`)
	for expression, reason := range map[string]string{
		"rate(5 minute)":           "In rate unit: after 5 the unit is \"minutes\".",
		"rate(0 minutes)":          "In rate value: \"0\" is not a whole number between 1 and 1000000.",
		"cron(0 25 * * ? *)":       "In hours: ",
		"cron(0 12 * * * *)":       "In day-of-month and day-of-week: one of them must be ?.",
		"at(2030-01-31T13:00:00)":  "A rule knows rate(…) and cron(…); at(…) is for EventBridge Scheduler.",
		"every five minutes":       "It is neither rate(…) nor cron(…).",
		"cron(0 12 * * ? *) again": "It is neither rate(…) nor cron(…).",
	} {
		_, err := a.try("PutRule", `{"Name":"r","State":"DISABLED","ScheduleExpression":`+quoted(expression)+`}`)
		if want := "ValidationException: Parameter ScheduleExpression is not valid. Reason: " + reason; err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s: %v, want %s", expression, err, want)
		}
	}
	for _, body := range []string{
		`{"Name":"r","EventBusName":"orders","ScheduleExpression":"rate(5 minutes)"}`,
		`{"Name":"r","EventBusName":"orders","ScheduleExpression":"nonsense"}`,
		`{"Name":"r","EventBusName":"arn:aws:events:eu-west-1:111122223333:event-bus/orders","ScheduleExpression":"","EventPattern":"{\"a\":[1]}"}`,
	} {
		a.refused("PutRule", body, "ValidationException", "ScheduleExpression is supported only on the default event bus.")
	}
	a.refused("PutRule", `{"Name":"r","ScheduleExpression":""}`, "ValidationException", "Parameter(s) EventPattern or ScheduleExpression must be specified.")
	a.want("ListRules", `{}`, `{"Rules":[]}`)
	a.want("ListRules", `{"EventBusName":"orders"}`, `{"Rules":[]}`)
}

func TestTheEventOfAScheduleIsInTheQueueOnTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := start(t, bus.DefaultLimits)
		defer a.fire()()
		plain, fifo, input := a.queue("plain", queue.Config{}), a.queue("line.fifo", queue.Config{FIFO: true}), a.queue("input", queue.Config{})
		a.do("PutRule", `{"Name":"r","ScheduleExpression":"cron(0/5 * * * ? *)"}`)
		a.do("PutTargets", `{"Rule":"r","Targets":[{"Id":"a","Arn":"`+plain+`"},{"Id":"b","Arn":"`+fifo+`","SqsParameters":{"MessageGroupId":"g"}},
			{"Id":"c","Arn":"`+input+`","Input":"{\"job\":\"nightly\"}"}]}`)
		time.Sleep(5 * time.Minute)
		synctest.Wait()
		got := append(a.received("plain"), a.received("line.fifo")...)
		const head, tail = `{"version":"0","id":"`, `","detail-type":"Scheduled Event","source":"aws.events","account":"111122223333","time":"2000-01-01T00:05:00Z","region":"eu-west-1","resources":["arn:aws:events:eu-west-1:111122223333:rule/r"],"detail":{}}`
		if len(got) != 2 || got[0] != got[1] || !strings.HasPrefix(got[0], head) || got[0][len(head)+36:] != tail {
			t.Fatalf("received %q", got)
		}
		if got := a.received("input"); len(got) != 1 || got[0] != `{"job":"nightly"}` {
			t.Errorf("received %q", got)
		}
		a.do("DisableRule", `{"Name":"r"}`)
		time.Sleep(7 * time.Minute)
		a.do("EnableRule", `{"Name":"r"}`)
		time.Sleep(3 * time.Minute)
		synctest.Wait()
		if got := a.received("plain"); len(got) != 1 || !strings.Contains(got[0], `"time":"2000-01-01T00:15:00Z"`) {
			t.Errorf("received %q", got)
		}
	})
}
