package events

import (
	"fmt"
	"testing"

	"github.com/carillon-events/carillon/internal/bus"
)

func TestAnAPIDestinationIsWhatWasMadeOfIt(t *testing.T) {
	a := start(t, bus.DefaultLimits)
	first := a.do("CreateConnection", `{"Name":"c",`+basicAuth+`}`)["ConnectionArn"].(string)
	second := a.do("CreateConnection", `{"Name":"e",`+basicAuth+`}`)["ConnectionArn"].(string)
	made := a.do("CreateApiDestination", `{"Name":"d","Description":"x","ConnectionArn":"`+first+`","InvocationEndpoint":"https://example.com/*","HttpMethod":"POST"}`)
	a.refused("CreateApiDestination", `{"Name":"d","ConnectionArn":"`+first+`","InvocationEndpoint":"https://example.com/","HttpMethod":"POST"}`,
		"ResourceAlreadyExistsException", "API destination d already exists.")
	a.do("UpdateApiDestination", `{"Name":"d","HttpMethod":"PUT","InvocationRateLimitPerSecond":7,"ConnectionArn":"`+second+`"}`)
	got := a.do("DescribeApiDestination", `{"Name":"d"}`)
	want := fmt.Sprint(made["ApiDestinationArn"], " x https://example.com/* PUT 7 ", second, " ACTIVE")
	if said := fmt.Sprint(got["ApiDestinationArn"], " ", got["Description"], " ", got["InvocationEndpoint"], " ", got["HttpMethod"], " ",
		got["InvocationRateLimitPerSecond"], " ", got["ConnectionArn"], " ", got["ApiDestinationState"]); said != want {
		t.Errorf("%s\nwant %s", said, want)
	}
	for filter, n := range map[string]int{
		`{}`: 1, `{"NamePrefix":"d"}`: 1, `{"NamePrefix":"e"}`: 0, `{"ConnectionArn":"` + first + `"}`: 0, `{"ConnectionArn":"` + second + `"}`: 1,
	} {
		if got := a.do("ListApiDestinations", filter)["ApiDestinations"].([]any); len(got) != n {
			t.Errorf("%s: %v", filter, got)
		}
	}
	a.want("DeleteApiDestination", `{"Name":"d"}`, `{}`)
	for _, operation := range []string{"DescribeApiDestination", "UpdateApiDestination", "DeleteApiDestination"} {
		a.refused(operation, `{"Name":"d"}`, "ResourceNotFoundException", "API destination d does not exist.")
	}
}

func TestListsOfAPIDestinationsComeInPages(t *testing.T) {
	a := start(t, bus.DefaultLimits)
	arn := a.do("CreateConnection", `{"Name":"c",`+basicAuth+`}`)["ConnectionArn"].(string)
	for _, name := range []string{"one", "three", "two"} {
		a.do("CreateApiDestination", `{"Name":"`+name+`","ConnectionArn":"`+arn+`","InvocationEndpoint":"https://example.com/","HttpMethod":"POST"}`)
	}
	page := a.do("ListApiDestinations", `{"Limit":2}`)
	rest := a.do("ListApiDestinations", `{"NextToken":"`+page["NextToken"].(string)+`"}`)
	if n, m := len(page["ApiDestinations"].([]any)), len(rest["ApiDestinations"].([]any)); n != 2 || m != 1 || rest["NextToken"] != nil {
		t.Errorf("%v, then %v", page, rest)
	}
	a.refused("ListConnections", `{"NextToken":"`+page["NextToken"].(string)+`"}`, "ValidationException", "Parameter NextToken is not valid. Reason: It was not made by this operation.")
}

func TestAPIDestinationsThatMakeNoSenseAreRefused(t *testing.T) {
	a := start(t, bus.DefaultLimits)
	arn := a.do("CreateConnection", `{"Name":"c",`+basicAuth+`}`)["ConnectionArn"].(string)
	theirs := "arn:aws:events:eu-west-1:444455556666:connection/c/11111111-1111-1111-1111-111111111111"
	other := "arn:aws:events:eu-west-1:111122223333:connection/c/11111111-1111-1111-1111-111111111111"
	for _, c := range []struct{ arn, endpoint, code, message string }{
		{arn, "http://example.com/", "", ""}, // loopback is allowed, so it is said when it is called
		{arn, "https://10.1.2.3/", "ValidationException", "Parameter InvocationEndpoint is not valid. Reason: address may not be called: 10.1.2.3 is not public: allow its network with --http-targets-allow."},
		{arn, "https://*.example.com/", "ValidationException", "Parameter InvocationEndpoint is not valid. Reason: a * is for a part of the path or the query, not of the host."},
		{theirs, "https://example.com/", "ResourceNotFoundException", "Connection " + theirs + " does not exist."},
		{other, "https://example.com/", "ResourceNotFoundException", "Connection " + other + " does not exist."},
	} {
		body := `{"Name":"d","ConnectionArn":"` + c.arn + `","InvocationEndpoint":"` + c.endpoint + `","HttpMethod":"POST"}`
		if c.code == "" {
			a.do("CreateApiDestination", body)
			a.do("DeleteApiDestination", `{"Name":"d"}`)
			continue
		}
		a.refused("CreateApiDestination", body, c.code, c.message)
	}
}

func TestATargetHasHTTPParameters(t *testing.T) {
	a := start(t, bus.DefaultLimits)
	with := a.do("CreateConnection", `{"Name":"c",`+basicAuth+`}`)["ConnectionArn"].(string)
	to := a.do("CreateApiDestination", `{"Name":"d","ConnectionArn":"`+with+`","InvocationEndpoint":"https://example.com/*/x","HttpMethod":"POST"}`)["ApiDestinationArn"].(string)
	a.do("PutRule", `{"Name":"r","EventPattern":"{\"source\":[\"s\"]}"}`)
	const parameters = `{"HeaderParameters":{"X-A":"a"},"PathParameterValues":["$.detail.id"],"QueryStringParameters":{"q":"1"}}`
	put := func(target string) string { return `{"Rule":"r","Targets":[{"Id":"x",` + target + `}]}` }
	a.do("PutTargets", put(`"Arn":"`+to+`","HttpParameters":`+parameters))
	got := a.do("ListTargetsByRule", `{"Rule":"r"}`)["Targets"].([]any)[0].(map[string]any)
	if text(got["HttpParameters"]) != parameters || got["Arn"] != to {
		t.Errorf("%s", text(got))
	}
	elsewhere := "arn:aws:events:eu-west-1:444455556666:api-destination/d/1"
	for target, message := range map[string]string{
		`"Arn":"` + to + `"`: "Parameter HttpParameters.PathParameterValues is not valid. Reason: The endpoint of the API destination has 1 wildcards, and there are 0 values (target x).",
		`"Arn":"` + to + `","HttpParameters":{"PathParameterValues":["$.a["]}`:                        "Parameter HttpParameters is not valid. Reason: \"$.a[\" is not a JSON path (target x).",
		`"Arn":"` + to + `","SqsParameters":{}`:                                                       "Parameter SqsParameters is not valid. Reason: It is not supported for API destination targets (target x).",
		`"Arn":"` + elsewhere + `"`:                                                                   "Parameter Arn is not valid. Reason: The API destination must be in the account and region of the rule (target x: " + elsewhere + ").",
		`"Arn":"arn:aws:events:eu-west-1:111122223333:api-destination/d"`:                             "Parameter arn:aws:events:eu-west-1:111122223333:api-destination/d is not valid. Reason: Provided Arn is not in correct format.",
		`"Arn":"arn:aws:sqs:eu-west-1:111122223333:q","HttpParameters":{"PathParameterValues":["a"]}`: "Parameter HttpParameters is not valid. Reason: Carillon does not support HttpParameters yet.",
	} {
		a.refused("PutTargets", put(target), "ValidationException", message)
	}
}
