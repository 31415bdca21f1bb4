package conformance

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
)

const largeOrders = `{"source":["shop.orders"],"detail":{"total":[{"numeric":[">",100]}]}}`

func (t *tour) bus() *string {
	t.Helper()
	name := t.name("bus")
	must(t.events.CreateEventBus(t.ctx, &eventbridge.CreateEventBusInput{Name: &name}))(t)
	return &name
}

func (t *tour) rule(bus *string, name, pattern string) error {
	_, err := t.events.PutRule(t.ctx, &eventbridge.PutRuleInput{Name: &name, EventBusName: bus, EventPattern: &pattern})
	return err
}

// route makes a rule from the bus to the queue.
func (t *tour) route(bus, url *string, pattern string, params *types.SqsParameters) {
	t.Helper()
	name := t.name("rule")
	must(0, t.rule(bus, name, pattern))(t)
	got := must(t.events.PutTargets(t.ctx, &eventbridge.PutTargetsInput{Rule: &name, EventBusName: bus,
		Targets: []types.Target{{Id: aws.String("queue"), Arn: aws.String(t.arn(url)), SqsParameters: params}}}))(t)
	equal(t, "FailedEntryCount of PutTargets", got.FailedEntryCount, 0)
}

func eventsBus(t *tour) {
	name := t.name("bus")
	in := &eventbridge.CreateEventBusInput{Name: &name}
	arn := *must(t.events.CreateEventBus(t.ctx, in))(t).EventBusArn
	equal(t, "EventBusArn", arn, "arn:aws:events:"+region+":"+t.account+":event-bus/"+name)
	_, err := t.events.CreateEventBus(t.ctx, in)
	refused(t, "again", err, "ResourceAlreadyExistsException")
	hasError[*types.ResourceAlreadyExistsException](t, "again", err)
	equal(t, "DescribeEventBus", *must(t.events.DescribeEventBus(t.ctx, &eventbridge.DescribeEventBusInput{Name: &name}))(t).Arn, arn)
	equal(t, "the default bus", *must(t.events.DescribeEventBus(t.ctx, &eventbridge.DescribeEventBusInput{}))(t).Name, "default")
	list := must(t.events.ListEventBuses(t.ctx, &eventbridge.ListEventBusesInput{NamePrefix: &name}))(t)
	equal(t, "ListEventBuses by prefix", len(list.EventBuses), 1)
	must(t.events.DeleteEventBus(t.ctx, &eventbridge.DeleteEventBusInput{Name: &name}))(t)
	_, err = t.events.DescribeEventBus(t.ctx, &eventbridge.DescribeEventBusInput{Name: &name})
	refused(t, "a bus gone", err, "ResourceNotFoundException")
	_, err = t.events.DeleteEventBus(t.ctx, &eventbridge.DeleteEventBusInput{Name: aws.String("default")})
	refused(t, "delete the default bus", err, "ValidationException")
}

func eventsRule(t *tour) {
	bus, name := t.bus(), t.name("rule")
	made := must(t.events.PutRule(t.ctx, &eventbridge.PutRuleInput{Name: &name, EventBusName: bus, EventPattern: aws.String(largeOrders), Description: aws.String("large")}))(t)
	equal(t, "RuleArn", *made.RuleArn, "arn:aws:events:"+region+":"+t.account+":rule/"+*bus+"/"+name)
	describe := func() *eventbridge.DescribeRuleOutput {
		return must(t.events.DescribeRule(t.ctx, &eventbridge.DescribeRuleInput{Name: &name, EventBusName: bus}))(t)
	}
	equal(t, "EventPattern", *describe().EventPattern, largeOrders)
	equal(t, "State and Description", string(describe().State)+" "+*describe().Description, "ENABLED large")
	must(t.events.DisableRule(t.ctx, &eventbridge.DisableRuleInput{Name: &name, EventBusName: bus}))(t)
	equal(t, "State", describe().State, types.RuleStateDisabled)
	must(t.events.EnableRule(t.ctx, &eventbridge.EnableRuleInput{Name: &name, EventBusName: bus}))(t)
	for i := range 2 {
		must(0, t.rule(bus, fmt.Sprint(name, "-", i), largeOrders))(t)
	}
	var seen []string
	for token := (*string)(nil); ; {
		page := must(t.events.ListRules(t.ctx, &eventbridge.ListRulesInput{EventBusName: bus, NamePrefix: &name, Limit: aws.Int32(2), NextToken: token}))(t)
		for _, r := range page.Rules {
			seen = append(seen, *r.Name)
		}
		if token = page.NextToken; token == nil {
			break
		}
	}
	same(t, "ListRules", sorted(seen), []string{name, name + "-0", name + "-1"})

	arn := t.arn(t.queue(nil))
	must(t.events.PutTargets(t.ctx, &eventbridge.PutTargetsInput{Rule: &name, EventBusName: bus, Targets: []types.Target{{Id: aws.String("one"), Arn: &arn}}}))(t)
	targets := must(t.events.ListTargetsByRule(t.ctx, &eventbridge.ListTargetsByRuleInput{Rule: &name, EventBusName: bus}))(t).Targets
	equal(t, "targets", len(targets), 1)
	equal(t, "target", *targets[0].Id+" "+*targets[0].Arn, "one "+arn)
	drop := func() error {
		_, err := t.events.DeleteRule(t.ctx, &eventbridge.DeleteRuleInput{Name: &name, EventBusName: bus})
		return err
	}
	refused(t, "a rule with targets", drop(), "ValidationException")
	group := strings.Replace(arn[:strings.LastIndexByte(arn, ':')], ":sqs:", ":logs:", 1) + ":log-group:/aws/events/" + name
	must(t.events.PutTargets(t.ctx, &eventbridge.PutTargetsInput{Rule: &name, EventBusName: bus, Targets: []types.Target{{Id: aws.String("log"), Arn: &group}}}))(t)
	must(t.events.RemoveTargets(t.ctx, &eventbridge.RemoveTargetsInput{Rule: &name, EventBusName: bus, Ids: []string{"one", "log"}}))(t)
	must(0, drop())(t)
	_, err := t.events.DescribeRule(t.ctx, &eventbridge.DescribeRuleInput{Name: &name, EventBusName: bus})
	refused(t, "a rule gone", err, "ResourceNotFoundException")
	hasError[*types.ResourceNotFoundException](t, "a rule gone", err)
}

func eventsErrors(t *tour) {
	bus := t.bus()
	for _, bad := range []string{"{", "[]", `{"source": "text"}`, `{"source": [{"nonsense": 1}]}`} {
		err := t.rule(bus, "bad", bad)
		refused(t, "pattern "+bad, err, "InvalidEventPatternException")
		hasError[*types.InvalidEventPatternException](t, "pattern "+bad, err)
	}
	refused(t, "a name", t.rule(bus, "spa ce", largeOrders), "ValidationException")
	refused(t, "no such bus", t.rule(aws.String(t.name("nobus")), "r", largeOrders), "ResourceNotFoundException")
	_, err := t.events.PutRule(t.ctx, &eventbridge.PutRuleInput{Name: aws.String("none"), EventBusName: bus})
	refused(t, "neither pattern nor schedule", err, "ValidationException")
	entry := types.PutEventsRequestEntry{Source: aws.String("s"), DetailType: aws.String("d"), Detail: aws.String("{}")}
	many := make([]types.PutEventsRequestEntry, 11)
	for i := range many {
		many[i] = entry
	}
	_, err = t.events.PutEvents(t.ctx, &eventbridge.PutEventsInput{Entries: many})
	refused(t, "eleven entries", err, "ValidationException")
}

func eventsSchedule(t *tour) {
	name := t.name("rule")
	put := func(bus *string, expression string) error {
		_, err := t.events.PutRule(t.ctx, &eventbridge.PutRuleInput{Name: &name, EventBusName: bus, ScheduleExpression: &expression})
		return err
	}
	must(0, put(nil, "rate(5 minutes)"))(t)
	for _, bad := range []string{"rate(5 minute)", "rate(1 minutes)", "cron(0 12 * * * *)", "cron(7 20 * * 1-7 *)", "at(2030-01-31T13:00:00)", "often"} {
		refused(t, bad, put(nil, bad), "ValidationException")
	}
	refused(t, "on a custom bus", put(t.bus(), "rate(5 minutes)"), "ValidationException")
	got := must(t.events.DescribeRule(t.ctx, &eventbridge.DescribeRuleInput{Name: &name}))(t)
	equal(t, "DescribeRule", aws.ToString(got.ScheduleExpression)+aws.ToString(got.EventPattern), "rate(5 minutes)")
	must(0, put(nil, "cron(0 18 ? * MON-FRI *)"))(t)
	list := must(t.events.ListRules(t.ctx, &eventbridge.ListRulesInput{NamePrefix: &name}))(t)
	equal(t, "ListRules", aws.ToString(list.Rules[0].ScheduleExpression), "cron(0 18 ? * MON-FRI *)")
	must(t.events.DeleteRule(t.ctx, &eventbridge.DeleteRuleInput{Name: &name}))(t)
}

func eventsPut(t *tour) {
	bus, large, ordered := t.bus(), t.queue(nil), t.fifo()
	t.route(bus, large, largeOrders, nil)
	t.route(bus, ordered, `{"source":[{"prefix":"shop."}]}`, &types.SqsParameters{MessageGroupId: aws.String("orders")})
	entry := func(detail string) types.PutEventsRequestEntry {
		return types.PutEventsRequestEntry{Source: aws.String("shop.orders"), DetailType: aws.String("Order Placed"),
			Detail: &detail, EventBusName: bus, Resources: []string{"arn:aws:s3:::x"}}
	}
	got := must(t.events.PutEvents(t.ctx, &eventbridge.PutEventsInput{Entries: []types.PutEventsRequestEntry{
		entry(`{"total":50}`), entry(`{"total":150.5,"note":"Grüße 🎉"}`), entry("no json"),
		{Source: aws.String("s"), DetailType: aws.String("d"), EventBusName: bus},
	}}))(t)
	equal(t, "FailedEntryCount", got.FailedEntryCount, 2)
	equal(t, "ErrorCodes", aws.ToString(got.Entries[2].ErrorCode)+" "+aws.ToString(got.Entries[3].ErrorCode), "MalformedDetail InvalidArgument")

	var event struct {
		ID, Version, Source, Account, Region, Time string
		DetailType                                 string `json:"detail-type"`
		Resources                                  []string
		Detail                                     struct {
			Total float64
			Note  string
		}
	}
	must(0, json.Unmarshal([]byte(*t.one(large).Body), &event))(t)
	equal(t, "id", event.ID, *got.Entries[1].EventId)
	equal(t, "envelope", strings.Join([]string{event.Version, event.Source, event.DetailType, event.Account, event.Region, event.Resources[0]}, " "),
		"0 shop.orders Order Placed "+t.account+" "+region+" arn:aws:s3:::x")
	equal(t, "detail", fmt.Sprint(event.Detail), "{150.5 Grüße 🎉}")
	ordereds := t.receive(2, sqs.ReceiveMessageInput{QueueUrl: ordered})
	for i, m := range ordereds {
		equal(t, "into the FIFO queue, in order", strings.Contains(*m.Body, *got.Entries[i].EventId), true)
	}
	equal(t, "counts", t.counts(large), [3]int{0, 1, 0})
}

func eventsTarget(t *tour) {
	bus, name, made, dead := t.bus(), t.name("rule"), t.queue(nil), t.queue(nil)
	must(0, t.rule(bus, name, `{"source":["shop"]}`))(t)
	template := types.Target{Id: aws.String("template"), Arn: aws.String(t.arn(made)), InputTransformer: &types.InputTransformer{
		InputPathsMap: map[string]string{"n": "$.detail.n"}, InputTemplate: aws.String(`{"n":<n>,"rule":"<aws.events.rule-name>"}`),
	}}
	gone := types.Target{
		Id: aws.String("gone"), Arn: aws.String(t.arn(dead) + "-gone"), InputPath: aws.String("$.detail"),
		DeadLetterConfig: &types.DeadLetterConfig{Arn: aws.String(t.arn(dead))},
		RetryPolicy:      &types.RetryPolicy{MaximumRetryAttempts: aws.Int32(0), MaximumEventAgeInSeconds: aws.Int32(60)},
	}
	put := func(targets ...types.Target) error {
		_, err := t.events.PutTargets(t.ctx, &eventbridge.PutTargetsInput{Rule: &name, EventBusName: bus, Targets: targets})
		return err
	}
	must(0, put(gone, template))(t)
	listed := must(t.events.ListTargetsByRule(t.ctx, &eventbridge.ListTargetsByRuleInput{Rule: &name, EventBusName: bus}))(t).Targets
	equal(t, "targets", reflect.DeepEqual(listed, []types.Target{gone, template}), true)
	bad := gone
	bad.Input = aws.String("{}")
	refused(t, "two inputs", put(bad), "ValidationException")
	bad = gone
	bad.DeadLetterConfig = &types.DeadLetterConfig{Arn: aws.String(t.arn(dead) + ".fifo")}
	refused(t, "a FIFO queue for dead letters", put(bad), "ValidationException")

	event := must(t.events.PutEvents(t.ctx, &eventbridge.PutEventsInput{Entries: []types.PutEventsRequestEntry{
		{Source: aws.String("shop"), DetailType: aws.String("d"), Detail: aws.String(`{"n":1.50}`), EventBusName: bus},
	}}))(t)
	equal(t, "InputTransformer", *t.one(made).Body, `{"n":1.50,"rule":"`+name+`"}`)
	letter := t.receive(1, sqs.ReceiveMessageInput{QueueUrl: dead, MessageAttributeNames: []string{"All"}})[0]
	equal(t, "a dead letter is the event", strings.Contains(*letter.Body, *event.Entries[0].EventId), true)
	said := func(name string) string { return aws.ToString(letter.MessageAttributes[name].StringValue) }
	equal(t, "attributes of a dead letter", said("RULE_ARN")+" "+said("TARGET_ARN")+" "+said("RETRY_ATTEMPTS"),
		"arn:aws:events:"+region+":"+t.account+":rule/"+*bus+"/"+name+" "+*gone.Arn+" 0")
	equal(t, "it says its error", said("ERROR_CODE") != "" && said("ERROR_MESSAGE") != "", true)
}

// eventsIdempotency is Carillon's own, asked for with tags.
func eventsIdempotency(t *tour) {
	bus, q := t.bus(), t.queue(nil)
	must(0, t.rule(bus, "all", `{"source":["shop"]}`))(t)
	must(t.events.PutTargets(t.ctx, &eventbridge.PutTargetsInput{Rule: aws.String("all"), EventBusName: bus, Targets: []types.Target{{Id: aws.String("t"), Arn: aws.String(t.arn(q))}}}))(t)
	arn := must(t.events.DescribeEventBus(t.ctx, &eventbridge.DescribeEventBusInput{Name: bus}))(t).Arn
	tag := func(key, value string) error {
		_, err := t.events.TagResource(t.ctx, &eventbridge.TagResourceInput{ResourceARN: arn, Tags: []types.Tag{{Key: &key, Value: &value}}})
		return err
	}
	refused(t, "a path that is none", tag("carillon:idempotency-key-path", "detail.id"), "ValidationException")
	refused(t, "a window that is none", tag("carillon:idempotency-window", "soon"), "ValidationException")
	must(0, tag("carillon:idempotency-key-path", "$.detail.id"))(t)
	entry := func(detail string) types.PutEventsRequestEntry {
		return types.PutEventsRequestEntry{Source: aws.String("shop"), DetailType: aws.String("d"), Detail: &detail, EventBusName: bus}
	}
	put := func(entries ...types.PutEventsRequestEntry) (ids []string) {
		out := must(t.events.PutEvents(t.ctx, &eventbridge.PutEventsInput{Entries: entries}))(t)
		for _, e := range out.Entries {
			ids = append(ids, aws.ToString(e.EventId))
		}
		return ids
	}
	first := put(entry(`{"id":"a"}`), entry(`{"id":"b"}`), entry(`{"id":"a","again":true}`), entry(`{}`), entry(`{}`))
	equal(t, "a repeat in the batch", first[2], first[0])
	equal(t, "another key", first[1] != first[0], true)
	equal(t, "no key", first[3] != first[4], true)
	equal(t, "a repeat in another call", put(entry(`{"id":"a"}`))[0], first[0])
	equal(t, "routed", len(t.receive(4, sqs.ReceiveMessageInput{QueueUrl: q})), 4)
	equal(t, "counts", t.counts(q), [3]int{0, 4, 0})
}

func eventsPattern(t *tour) {
	const event = `{"id":"1","account":"123456789012","source":"shop","time":"2026-01-02T03:04:05Z","region":"eu-west-1",
		"resources":["arn:a"],"detail-type":"Order","detail":{"state":"new","total":12.5}}`
	test := func(pattern string) (*eventbridge.TestEventPatternOutput, error) {
		return t.events.TestEventPattern(t.ctx, &eventbridge.TestEventPatternInput{EventPattern: &pattern, Event: aws.String(event)})
	}
	for pattern, want := range map[string]bool{
		`{"source":["shop"]}`: true, `{"source":["other"]}`: false, `{"resources":["arn:a"]}`: true,
		`{"detail":{"state":[{"prefix":"ne"}]}}`: true, `{"detail":{"state":[{"anything-but":["new"]}]}}`: false,
		`{"detail":{"total":[{"numeric":[">=",12.5,"<",13]}]}}`: true, `{"detail":{"gone":[{"exists":false}]}}`: true,
	} {
		equal(t, pattern, must(test(pattern))(t).Result, want)
	}
	_, err := test(`{"source":"shop"}`)
	refused(t, "no list", err, "InvalidEventPatternException")
}
