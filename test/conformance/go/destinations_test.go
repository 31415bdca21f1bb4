package conformance

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
)

func (t *tour) connection(name string) *eventbridge.CreateConnectionOutput {
	t.Helper()
	return must(t.events.CreateConnection(t.ctx, &eventbridge.CreateConnectionInput{
		Name: &name, AuthorizationType: types.ConnectionAuthorizationTypeApiKey,
		AuthParameters: &types.CreateConnectionAuthRequestParameters{ApiKeyAuthParameters: &types.CreateConnectionApiKeyAuthRequestParameters{
			ApiKeyName: aws.String("X-Key"), ApiKeyValue: aws.String("v")}},
	}))(t)
}

func eventsConnection(t *tour) {
	name := t.name("connection")
	made := t.connection(name)
	equal(t, "ConnectionState", made.ConnectionState, types.ConnectionStateAuthorized)
	got := must(t.events.DescribeConnection(t.ctx, &eventbridge.DescribeConnectionInput{Name: &name}))(t)
	equal(t, "ConnectionArn", *got.ConnectionArn, *made.ConnectionArn)
	equal(t, "ApiKeyName", *got.AuthParameters.ApiKeyAuthParameters.ApiKeyName, "X-Key")
	must(t.events.UpdateConnection(t.ctx, &eventbridge.UpdateConnectionInput{Name: &name, Description: aws.String("d")}))(t)
	list := must(t.events.ListConnections(t.ctx, &eventbridge.ListConnectionsInput{NamePrefix: &name}))(t).Connections
	equal(t, "ListConnections", len(list), 1)
	must(t.events.DeauthorizeConnection(t.ctx, &eventbridge.DeauthorizeConnectionInput{Name: &name}))(t)
	must(t.events.DeleteConnection(t.ctx, &eventbridge.DeleteConnectionInput{Name: &name}))(t)
	_, err := t.events.DescribeConnection(t.ctx, &eventbridge.DescribeConnectionInput{Name: &name})
	hasError[*types.ResourceNotFoundException](t, "a connection that is gone", err)
}

func eventsAPIDestination(t *tour) {
	with, name := t.connection(t.name("connection")).ConnectionArn, t.name("destination")
	create := &eventbridge.CreateApiDestinationInput{Name: &name, ConnectionArn: with, InvocationEndpoint: aws.String("https://example.com/"), HttpMethod: types.ApiDestinationHttpMethodPost}
	made := must(t.events.CreateApiDestination(t.ctx, create))(t)
	_, err := t.events.CreateApiDestination(t.ctx, create)
	hasError[*types.ResourceAlreadyExistsException](t, "again", err)
	must(t.events.UpdateApiDestination(t.ctx, &eventbridge.UpdateApiDestinationInput{Name: &name, HttpMethod: types.ApiDestinationHttpMethodPut}))(t)
	got := must(t.events.DescribeApiDestination(t.ctx, &eventbridge.DescribeApiDestinationInput{Name: &name}))(t)
	equal(t, "DescribeApiDestination", *got.ApiDestinationArn+" "+string(got.HttpMethod)+" "+string(got.ApiDestinationState), *made.ApiDestinationArn+" PUT ACTIVE")
	list := must(t.events.ListApiDestinations(t.ctx, &eventbridge.ListApiDestinationsInput{ConnectionArn: with}))(t).ApiDestinations
	equal(t, "ListApiDestinations", len(list), 1)
	must(t.events.DeleteApiDestination(t.ctx, &eventbridge.DeleteApiDestinationInput{Name: &name}))(t)
	_, err = t.events.DescribeApiDestination(t.ctx, &eventbridge.DescribeApiDestinationInput{Name: &name})
	hasError[*types.ResourceNotFoundException](t, "a destination that is gone", err)
}

func eventsAPIDestinationCall(t *tour) {
	calls := make(chan string, 10)
	busy := true
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if busy { // once
			busy = false
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		body, _ := io.ReadAll(r.Body)
		calls <- r.URL.RequestURI() + " " + r.Header.Get("X-Key") + " " + string(body)
	}))
	defer server.Close()
	bus, name := t.bus(), t.name("rule")
	with := t.connection(t.name("connection")).ConnectionArn
	to := must(t.events.CreateApiDestination(t.ctx, &eventbridge.CreateApiDestinationInput{Name: &name, ConnectionArn: with,
		InvocationEndpoint: aws.String(server.URL + "/*"), HttpMethod: types.ApiDestinationHttpMethodPost}))(t).ApiDestinationArn
	must(t.events.PutRule(t.ctx, &eventbridge.PutRuleInput{Name: &name, EventBusName: bus, EventPattern: aws.String(`{"source":["shop"]}`)}))(t)
	must(t.events.PutTargets(t.ctx, &eventbridge.PutTargetsInput{Rule: &name, EventBusName: bus, Targets: []types.Target{{
		Id: aws.String("call"), Arn: to, RoleArn: aws.String("arn:aws:iam::" + t.account + ":role/call"),
		HttpParameters: &types.HttpParameters{PathParameterValues: []string{"$.detail-type"}},
	}}}))(t)
	got := must(t.events.PutEvents(t.ctx, &eventbridge.PutEventsInput{Entries: []types.PutEventsRequestEntry{
		{Source: aws.String("shop"), DetailType: aws.String("a b"), Detail: aws.String("{}"), EventBusName: bus},
	}}))(t)
	select {
	case call := <-calls:
		equal(t, "after a retry", strings.HasPrefix(call, "/a%20b v {") && strings.Contains(call, *got.Entries[0].EventId), true)
	case <-time.After(20 * time.Second):
		t.Fatal("nobody called")
	}
}
