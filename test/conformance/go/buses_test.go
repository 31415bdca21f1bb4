package conformance

import (
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
)

func (t *tour) describeBus(name *string) *eventbridge.DescribeEventBusOutput {
	t.Helper()
	return must(t.events.DescribeEventBus(t.ctx, &eventbridge.DescribeEventBusInput{Name: name}))(t)
}

func eventsPermission(t *tour) {
	bus := t.bus()
	must(t.events.PutPermission(t.ctx, &eventbridge.PutPermissionInput{EventBusName: bus,
		Action: aws.String("events:PutEvents"), Principal: aws.String("123456789012"), StatementId: aws.String("one")}))(t)
	policy := aws.ToString(t.describeBus(bus).Policy)
	equal(t, "the statement is in the policy", strings.Contains(policy, `"Sid":"one"`) && strings.Contains(policy, "arn:aws:iam::123456789012:root"), true)
	remove := func(in eventbridge.RemovePermissionInput) error {
		in.EventBusName = bus
		_, err := t.events.RemovePermission(t.ctx, &in)
		return err
	}
	refused(t, "no such statement", remove(eventbridge.RemovePermissionInput{StatementId: aws.String("two")}), "ResourceNotFoundException")
	must(0, remove(eventbridge.RemovePermissionInput{StatementId: aws.String("one")}))(t)
	equal(t, "no policy left", t.describeBus(bus).Policy == nil, true)
	const whole = `{"Statement":{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}}`
	put := func(policy string) error {
		_, err := t.events.PutPermission(t.ctx, &eventbridge.PutPermissionInput{EventBusName: bus, Policy: &policy})
		return err
	}
	must(0, put(whole))(t)
	equal(t, "a whole policy", aws.ToString(t.describeBus(bus).Policy), whole)
	err := put(strings.Replace(whole, `"Resource":"*"`, `"Resource":"`+strings.Repeat("x", 10240)+`"`, 1))
	refused(t, "a long policy", err, "PolicyLengthExceededException")
	hasError[*types.PolicyLengthExceededException](t, "a long policy", err)
	must(0, remove(eventbridge.RemovePermissionInput{RemoveAllPermissions: true}))(t)
	equal(t, "no policy left", t.describeBus(bus).Policy == nil, true)
}

func eventsBusSettings(t *tour) {
	name, dead := t.name("bus"), t.arn(t.queue(nil))
	must(t.events.CreateEventBus(t.ctx, &eventbridge.CreateEventBusInput{Name: &name, Description: aws.String("d"), KmsKeyIdentifier: aws.String("alias/k"),
		DeadLetterConfig: &types.DeadLetterConfig{Arn: &dead}, LogConfig: &types.LogConfig{Level: types.LevelInfo, IncludeDetail: types.IncludeDetailNone}}))(t)
	got := t.describeBus(&name)
	equal(t, "settings", strings.Join([]string{*got.Description, *got.KmsKeyIdentifier, *got.DeadLetterConfig.Arn, string(got.LogConfig.Level), string(got.LogConfig.IncludeDetail)}, " "),
		"d alias/k "+dead+" INFO NONE")
	must(t.events.UpdateEventBus(t.ctx, &eventbridge.UpdateEventBusInput{Name: &name, Description: aws.String("e")}))(t)
	got = t.describeBus(&name)
	equal(t, "Description", *got.Description, "e")
	equal(t, "what is left out goes", got.KmsKeyIdentifier == nil && got.DeadLetterConfig == nil && got.LogConfig == nil, true)
}

func eventsBusToBus(t *tour) {
	first, second, url := t.bus(), t.bus(), t.queue(nil)
	for _, way := range [][2]*string{{first, second}, {second, first}} {
		name := t.name("rule")
		must(0, t.rule(way[0], name, `{"source":["shop"]}`))(t)
		must(t.events.PutTargets(t.ctx, &eventbridge.PutTargetsInput{Rule: &name, EventBusName: way[0],
			Targets: []types.Target{{Id: aws.String("bus"), Arn: t.describeBus(way[1]).Arn}}}))(t)
	}
	t.route(second, url, `{"source":["shop"]}`, nil)
	got := must(t.events.PutEvents(t.ctx, &eventbridge.PutEventsInput{Entries: []types.PutEventsRequestEntry{
		{Source: aws.String("shop"), DetailType: aws.String("d"), Detail: aws.String("{}"), EventBusName: first},
	}}))(t)
	equal(t, "through two buses", strings.Contains(*t.one(url).Body, *got.Entries[0].EventId), true)
	equal(t, "again, by the loop", len(t.once(sqs.ReceiveMessageInput{QueueUrl: url})), 0)
}

func eventsPartner(t *tour) {
	name := "aws.partner/example.com/" + t.name("shop") + "/orders"
	create := &eventbridge.CreatePartnerEventSourceInput{Name: &name, Account: &t.account}
	must(t.events.CreatePartnerEventSource(t.ctx, create))(t)
	_, err := t.events.CreatePartnerEventSource(t.ctx, create)
	refused(t, "again", err, "ResourceAlreadyExistsException")
	state := func() types.EventSourceState {
		t.Helper()
		return must(t.events.DescribeEventSource(t.ctx, &eventbridge.DescribeEventSourceInput{Name: &name}))(t).State
	}
	equal(t, "a new source", state(), types.EventSourceStatePending)
	_, err = t.events.ActivateEventSource(t.ctx, &eventbridge.ActivateEventSourceInput{Name: &name})
	refused(t, "activate without a bus", err, "InvalidStateException")
	hasError[*types.InvalidStateException](t, "activate without a bus", err)
	must(t.events.CreateEventBus(t.ctx, &eventbridge.CreateEventBusInput{Name: &name, EventSourceName: &name}))(t)
	url := t.queue(nil)
	t.route(&name, url, `{"source":[{"prefix":"aws.partner/"}]}`, nil)
	entry := types.PutPartnerEventsRequestEntry{Source: &name, DetailType: aws.String("d"), Detail: aws.String(`{"n":1}`)}
	other := entry
	other.Source = aws.String(name + "s")
	put := func(entries ...types.PutPartnerEventsRequestEntry) *eventbridge.PutPartnerEventsOutput {
		t.Helper()
		return must(t.events.PutPartnerEvents(t.ctx, &eventbridge.PutPartnerEventsInput{Entries: entries}))(t)
	}
	got := put(entry, other)
	equal(t, "FailedEntryCount", got.FailedEntryCount, 1)
	equal(t, "ErrorCode", aws.ToString(got.Entries[1].ErrorCode), "NotAuthorizedForSourceException")
	body := *t.one(url).Body
	equal(t, "a partner's event", strings.Contains(body, *got.Entries[0].EventId) && strings.Contains(body, `"account":"`+t.account+`"`), true)
	must(t.events.DeactivateEventSource(t.ctx, &eventbridge.DeactivateEventSourceInput{Name: &name}))(t)
	equal(t, "deactivated", state(), types.EventSourceStatePending)
	put(entry)
	must(t.events.ActivateEventSource(t.ctx, &eventbridge.ActivateEventSourceInput{Name: &name}))(t)
	equal(t, "events while deactivated", len(t.once(sqs.ReceiveMessageInput{QueueUrl: url})), 0)
	eventsPartnerLists(t, name)
	must(t.events.DeletePartnerEventSource(t.ctx, &eventbridge.DeletePartnerEventSourceInput{Name: &name, Account: &t.account}))(t)
	equal(t, "a source deleted", state(), types.EventSourceStateDeleted)
}

func eventsPartnerLists(t *tour, name string) {
	sources := must(t.events.ListEventSources(t.ctx, &eventbridge.ListEventSourcesInput{NamePrefix: &name}))(t).EventSources
	equal(t, "ListEventSources", len(sources), 1)
	equal(t, "CreatedBy", *sources[0].CreatedBy, "example.com")
	mine := must(t.events.ListPartnerEventSources(t.ctx, &eventbridge.ListPartnerEventSourcesInput{NamePrefix: &name}))(t).PartnerEventSources
	equal(t, "ListPartnerEventSources", len(mine), 1)
	one := must(t.events.DescribePartnerEventSource(t.ctx, &eventbridge.DescribePartnerEventSourceInput{Name: &name}))(t)
	equal(t, "DescribePartnerEventSource", *one.Arn, *mine[0].Arn)
	accounts := must(t.events.ListPartnerEventSourceAccounts(t.ctx, &eventbridge.ListPartnerEventSourceAccountsInput{EventSourceName: &name}))(t).PartnerEventSourceAccounts
	equal(t, "ListPartnerEventSourceAccounts", len(accounts), 1)
	equal(t, "its account", *accounts[0].Account, t.account)
}

func eventsEndpoint(t *tour) {
	name, bus := t.name("endpoint"), t.bus()
	there := newTourAs(t.T, t.endpoint, t.account, t.account, "test").events
	abroad := func(o *eventbridge.Options) { o.Region = "eu-west-1" }
	made := must(there.CreateEventBus(t.ctx, &eventbridge.CreateEventBusInput{Name: bus}, abroad))(t)
	in := &eventbridge.CreateEndpointInput{
		Name: &name, EventBuses: []types.EndpointEventBus{{EventBusArn: t.describeBus(bus).Arn}, {EventBusArn: made.EventBusArn}},
		ReplicationConfig: &types.ReplicationConfig{State: types.ReplicationStateDisabled},
		RoutingConfig: &types.RoutingConfig{FailoverConfig: &types.FailoverConfig{
			Primary: &types.Primary{HealthCheck: aws.String("arn:aws:route53:::healthcheck/h-1")}, Secondary: &types.Secondary{Route: aws.String("eu-west-1")},
		}},
	}
	equal(t, "State", must(t.events.CreateEndpoint(t.ctx, in))(t).State, types.EndpointStateActive)
	_, err := t.events.CreateEndpoint(t.ctx, in)
	hasError[*types.ResourceAlreadyExistsException](t, "again", err)
	got := must(t.events.DescribeEndpoint(t.ctx, &eventbridge.DescribeEndpointInput{Name: &name}))(t)
	equal(t, "EndpointUrl", *got.EndpointUrl, "https://"+*got.EndpointId+".endpoint.events.amazonaws.com")

	// The SDK signs what goes through an endpoint with SigV4a, for all regions.
	url := t.queue(nil)
	t.route(bus, url, `{"source":["shop"]}`, nil)
	put := must(there.PutEvents(t.ctx, &eventbridge.PutEventsInput{EndpointId: got.EndpointId, Entries: []types.PutEventsRequestEntry{
		{Source: aws.String("shop"), DetailType: aws.String("d"), Detail: aws.String("{}"), EventBusName: made.EventBusArn},
	}}, abroad))(t)
	equal(t, "on the primary's bus", strings.Contains(*t.one(url).Body, *put.Entries[0].EventId), true)
	_, err = t.events.PutEvents(t.ctx, &eventbridge.PutEventsInput{EndpointId: aws.String("abcde.veo"), Entries: []types.PutEventsRequestEntry{{Source: aws.String("s")}}})
	refused(t, "an unknown endpoint", err, "ValidationException")

	must(t.events.UpdateEndpoint(t.ctx, &eventbridge.UpdateEndpointInput{Name: &name, Description: aws.String("d")}))(t)
	listed := must(t.events.ListEndpoints(t.ctx, &eventbridge.ListEndpointsInput{NamePrefix: &name}))(t).Endpoints
	equal(t, "ListEndpoints", len(listed), 1)
	equal(t, "Description", *listed[0].Description, "d")
	must(t.events.DeleteEndpoint(t.ctx, &eventbridge.DeleteEndpointInput{Name: &name}))(t)
	_, err = t.events.DescribeEndpoint(t.ctx, &eventbridge.DescribeEndpointInput{Name: &name})
	hasError[*types.ResourceNotFoundException](t, "an endpoint gone", err)
}

func eventsCrossAccount(t *tour) {
	const stranger = "999988887777"
	bus, url := t.bus(), t.queue(nil)
	t.route(bus, url, `{"account":["`+stranger+`"]}`, nil)
	theirs := newTourAs(t.T, t.endpoint, stranger, stranger, "test").events
	entry := types.PutEventsRequestEntry{Source: aws.String("s"), DetailType: aws.String("d"), Detail: aws.String("{}"), EventBusName: t.describeBus(bus).Arn}
	gone := entry
	gone.EventBusName = aws.String(*entry.EventBusName + "-gone")
	got := must(theirs.PutEvents(t.ctx, &eventbridge.PutEventsInput{Entries: []types.PutEventsRequestEntry{entry, gone}}))(t)
	equal(t, "a bus that is not there", aws.ToString(got.Entries[1].ErrorCode), "AccessDeniedException")
	equal(t, "an event of another account", strings.Contains(*t.one(url).Body, *got.Entries[0].EventId), true)
}
