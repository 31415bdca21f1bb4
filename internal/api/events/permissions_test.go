package events

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/carillon-events/carillon/internal/bus"
)

// policyOf is the policy that DescribeEventBus and ListEventBuses show.
func (a *api) policyOf(name string) string {
	a.t.Helper()
	shown := a.do("DescribeEventBus", `{"Name":"`+name+`"}`)["Policy"]
	for _, b := range a.do("ListEventBuses", `{}`)["EventBuses"].([]any) {
		if b := b.(map[string]any); b["Name"] == name && b["Policy"] != shown {
			a.t.Errorf("ListEventBuses shows %v, DescribeEventBus %v", b["Policy"], shown)
		}
	}
	text, _ := shown.(string)
	return text
}

func TestPermissionsComeAndGoByTheirStatements(t *testing.T) {
	a := start(t, bus.DefaultLimits)
	a.do("CreateEventBus", `{"Name":"orders"}`)
	const (
		friend = `{"Sid":"friend","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::999999999999:root"},"Action":"events:PutEvents","Resource":"arn:aws:events:eu-west-1:111122223333:event-bus/orders"}`
		org    = `{"Sid":"org","Effect":"Allow","Principal":"*","Action":"events:PutEvents","Resource":"arn:aws:events:eu-west-1:111122223333:event-bus/orders","Condition":{"StringEquals":{"aws:PrincipalOrgID":"o-1"}}}`
		all    = `{"Sid":"org","Effect":"Allow","Principal":"*","Action":"events:PutEvents","Resource":"arn:aws:events:eu-west-1:111122223333:event-bus/orders"}`
		begin  = `{"Version":"2012-10-17","Statement":[`
	)
	steps := []struct{ operation, body, policy string }{
		{"PutPermission", `{"EventBusName":"orders","Action":"events:PutEvents","Principal":"999999999999","StatementId":"friend"}`, begin + friend + `]}`},
		{"PutPermission", `{"EventBusName":"orders","Action":"events:PutEvents","Principal":"*","StatementId":"org","Condition":{"Type":"StringEquals","Key":"aws:PrincipalOrgID","Value":"o-1"}}`, begin + friend + `,` + org + `]}`},
		{"PutPermission", `{"EventBusName":"orders","Action":"events:PutEvents","Principal":"*","StatementId":"org"}`, begin + friend + `,` + all + `]}`},
		{"RemovePermission", `{"EventBusName":"orders","StatementId":"friend"}`, begin + all + `]}`},
		{"RemovePermission", `{"EventBusName":"orders","StatementId":"org"}`, ``},
		{"PutPermission", `{"EventBusName":"orders","Policy":` + quoted(`{ "Statement" : `+friend+` }`) + `}`, `{ "Statement" : ` + friend + ` }`},
		{"PutPermission", `{"EventBusName":"orders","Action":"events:PutEvents","Principal":"*","StatementId":"org"}`, `{"Statement":[` + friend + `,` + all + `]}`},
		{"RemovePermission", `{"EventBusName":"orders","RemoveAllPermissions":true}`, ``},
		{"RemovePermission", `{"EventBusName":"orders","RemoveAllPermissions":true}`, ``},
	}
	for _, s := range steps {
		a.do(s.operation, s.body)
		if got := a.policyOf("orders"); got != s.policy {
			t.Errorf("after %s %s\nthe policy is %s\nwant          %s", s.operation, s.body, got, s.policy)
		}
	}
}

func TestTheDefaultBusHasPermissionsToo(t *testing.T) {
	a := start(t, bus.DefaultLimits)
	a.do("PutPermission", `{"Action":"events:PutEvents","Principal":"*","StatementId":"all"}`)
	if got := a.policyOf("default"); !strings.Contains(got, `"Resource":"arn:aws:events:eu-west-1:111122223333:event-bus/default"`) {
		t.Errorf("policy %s", got)
	}
}

func TestPermissionsThatMakeNoSenseAreRefused(t *testing.T) {
	a := start(t, bus.DefaultLimits)
	const statement = `"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"`
	policy := func(text string) string { return `{"Policy":` + quoted(text) + `}` }
	for _, c := range []struct{ operation, body, code, message string }{
		{"PutPermission", `{"Principal":"*"}`, "ValidationException", "Parameter(s) Action, StatementId must be specified."},
		{"PutPermission", `{"Action":"events:PutRule","Principal":"*","StatementId":"s"}`, "ValidationException", "Parameter Action is not valid. Reason: Provided value in parameter 'action' is not supported."},
		{"PutPermission", `{"Action":"events:PutEvents","Principal":"*","StatementId":"s","Condition":{"Type":"","Key":"k","Value":"v"}}`, "ValidationException", "Parameter Condition.Type is not valid. Reason: It must not be empty."},
		{"PutPermission", `{"EventBusName":"nope","Action":"events:PutEvents","Principal":"*","StatementId":"s"}`, "ResourceNotFoundException", "Event bus nope does not exist."},
		{"PutPermission", `{"Policy":"{}","StatementId":"s"}`, "ValidationException", "Parameter StatementId is not valid. Reason: It must not be given together with Policy."},
		{"PutPermission", policy(``), "ValidationException", "Parameter Policy is not valid. Reason: At the document (line 1, column 1): there must be an object where the end of the text is."},
		{"PutPermission", policy(`[]`), "ValidationException", "Parameter Policy is not valid. Reason: At the document (line 1, column 1): there must be an object where '[' is."},
		{"PutPermission", policy(`{"Version":"2011-01-01","Statement":{` + statement + `}}`), "ValidationException", "Parameter Policy is not valid. Reason: At /Version (line 1, column 12): the versions are 2008-10-17 and 2012-10-17."},
		{"PutPermission", policy(`{"Statement":[]}`), "ValidationException", "Parameter Policy is not valid. Reason: At /Statement (line 1, column 1): there must be at least one statement."},
		{"PutPermission", policy(`{"Statement":[null]}`), "ValidationException", "Parameter Policy is not valid. Reason: At /Statement/0 (line 1, column 15): there must be a statement where 'n' is."},
		{"PutPermission", policy(`{"Statement":{"Effect":"Maybe"}}`), "ValidationException", "Parameter Policy is not valid. Reason: At /Statement/Effect (line 1, column 24): an Effect is Allow or Deny, in this spelling."},
		{"PutPermission", policy(`{"Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}`), "ValidationException", "Parameter Policy is not valid. Reason: At /Statement (line 1, column 14): a statement of a resource-based policy says for whom it is."},
		{"PutPermission", policy(`{"Statement":[{"Sid":"a",` + statement + `},{"Sid":"a",` + statement + `}]}`), "ValidationException", "Parameter Policy is not valid. Reason: Statement IDs (SID) in a single policy must be unique."},
		{"PutPermission", `{"Action":"events:PutEvents","Principal":"*","StatementId":"s","Condition":{"Type":"StringIs","Key":"aws:userid","Value":"v"}}`, "ValidationException",
			"Parameter Policy is not valid. Reason: At /Statement/0/Condition/StringIs (line 1, column 192): there is no such operator."},
		{"RemovePermission", `{}`, "ValidationException", "Parameter(s) StatementId must be specified."},
		{"RemovePermission", `{"StatementId":"s"}`, "ResourceNotFoundException", "EventBus does not have a policy."},
		{"RemovePermission", `{"EventBusName":"nope","RemoveAllPermissions":true}`, "ResourceNotFoundException", "Event bus nope does not exist."},
	} {
		a.refused(c.operation, c.body, c.code, c.message)
	}
	if got := a.policyOf("default"); got != "" {
		t.Errorf("policy %s after refused calls", got)
	}
	a.do("PutPermission", `{"Action":"events:PutEvents","Principal":"*","StatementId":"s"}`)
	a.refused("RemovePermission", `{"StatementId":"t"}`, "ResourceNotFoundException", "Statement with the provided id does not exist.")
}

func TestAPolicyHasAtMost10240Bytes(t *testing.T) {
	a := start(t, bus.DefaultLimits)
	pad := func(n int) string {
		text := `{"Statement":{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*","Sid":""}}`
		return strings.Replace(text, `""`, `"`+strings.Repeat("x", n-len(text))+`"`, 1)
	}
	a.refused("PutPermission", `{"Policy":`+quoted(pad(bus.MaxPolicy+1))+`}`, "PolicyLengthExceededException", "The event bus policy is too long.")
	a.do("PutPermission", `{"Policy":`+quoted(pad(bus.MaxPolicy))+`}`)
	a.refused("PutPermission", `{"Action":"events:PutEvents","Principal":"*","StatementId":"s"}`, "PolicyLengthExceededException", "The event bus policy is too long.")
	if got := a.policyOf("default"); got != pad(bus.MaxPolicy) {
		t.Errorf("the policy has changed to %.100s", got)
	}
}

func FuzzPolicy(f *testing.F) {
	f.Add(`{"Version":"2012-10-17","Id":"i","Statement":[{"Sid":"s","Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}]}`)
	f.Add(`{"Statement":{"Effect":"Deny","NotPrincipal":{"AWS":"111111111111"},"NotAction":"*","NotResource":"<>"}}`)
	f.Fuzz(func(t *testing.T, text string) {
		old, err := parsePolicy(text)
		if err != nil {
			return
		}
		s := statement{Sid: "fuzz", Effect: "Allow", Principal: "*", Action: grantPut, Resource: "*"}
		added, err := s.with(text)
		if err != nil {
			t.Fatal(err)
		}
		p, err := parsePolicy(added)
		if err != nil || p.find("fuzz") < 0 || len(p.Statements) < len(old.Statements) {
			t.Fatalf("%q became %q: %v", text, added, err)
		}
		left, err := without(added, "fuzz")
		if err != nil || left != "" && !json.Valid([]byte(left)) {
			t.Fatal(fmt.Sprint(left), err)
		}
	})
}
