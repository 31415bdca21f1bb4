package policy

import (
	"fmt"
	"strings"
	"testing"
)

// typicalSet is ten policies with fifty statements, of which those of one service
// matter and the last one decides.
func typicalSet(tb testing.TB) *Set {
	services := []string{"sqs", "sns", "events", "states", "lambda", "s3", "dynamodb", "logs", "kms", "iam"}
	var s Set
	for i, service := range services {
		var statements []string
		for j := range 5 {
			statements = append(statements, fmt.Sprintf(
				`{"Sid": "s%d", "Effect": "Allow", "Action": ["%s:Get*", "%s:List*", "%s:Send*", "%s:Put%d"], "Resource": ["arn:aws:%s:us-east-1:111111111111:q%d-*", "arn:aws:%s:*:111111111111:orders-%d"]}`,
				j, service, service, service, service, j, service, j, service, j))
		}
		if i == 9 {
			statements[4] = `{"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": {"Bool": {"aws:SecureTransport": "false"}}}`
		}
		s.Identity = append(s.Identity, Policy{Name: service, Document: mustParse(tb, Identity, statementsOf(statements...))})
	}
	return &s
}

func statementsOf(all ...string) string {
	return `{"Version": "2012-10-17", "Statement": [` + strings.Join(all, ",") + `]}`
}

func mustParse(tb testing.TB, kind Kind, text string) *Document {
	tb.Helper()
	d, err := Parse(kind, text)
	if err != nil {
		tb.Fatalf("%s: %v", text, err)
	}
	return d
}

func typicalRequest() *Request {
	return &Request{
		Principal: Principal{Kind: RoleSession, ARN: "arn:aws:sts::111111111111:assumed-role/r/s", Account: ours, Behind: "arn:aws:iam::111111111111:role/r"},
		Action:    "sqs:SendMessage",
		Resource:  "arn:aws:sqs:eu-west-1:111111111111:orders-4",
		Context:   Values{"aws:securetransport": One("true"), "aws:principaltag/team": One("orders"), "aws:sourceip": One("10.1.2.3"), "aws:currenttime": One("2026-11-25T00:00:00Z")},
	}
}

func BenchmarkTenPoliciesOfFiftyStatements(b *testing.B) {
	s, r := typicalSet(b), typicalRequest()
	b.ReportAllocs()
	for b.Loop() {
		if d := Decide(r, s); !d.Allows() {
			b.Fatal(d.Reason(r))
		}
	}
}

func BenchmarkWithBoundaryResourcePolicyAndConditions(b *testing.B) {
	s, r := typicalSet(b), typicalRequest()
	s.Boundary = Policy{Document: mustParse(b, Boundary, statementsOf(`{"Effect": "Allow", "Action": ["sqs:*", "sns:*"], "Resource": "*"}`))}
	s.Resource = []Policy{{Name: "queue policy", Document: mustParse(b, Resource, statementsOf(
		`{"Effect": "Deny", "Principal": "*", "Action": "sqs:*", "Resource": "*", "Condition": {"NotIpAddress": {"aws:SourceIp": ["10.0.0.0/8", "2001:db8::/32"]}}}`,
		`{"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111111111111:role/r"}, "Action": "sqs:SendMessage", "Resource": "arn:aws:sqs:*:*:${aws:PrincipalTag/team}-*",
		  "Condition": {"DateGreaterThan": {"aws:CurrentTime": "2026-01-01T00:00:00Z"}}}`))}}
	b.ReportAllocs()
	for b.Loop() {
		if d := Decide(r, s); !d.Allows() {
			b.Fatal(d.Reason(r))
		}
	}
}

func BenchmarkParse(b *testing.B) {
	text := typicalSet(b).Identity[0].Document.Text()
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		mustParse(b, Identity, text)
	}
}

func TestDecidingAllocatesNothing(t *testing.T) {
	s, r := typicalSet(t), typicalRequest()
	s.Resource = []Policy{{Document: mustParse(t, Resource, statementsOf(`{"Effect": "Allow", "Principal": {"AWS": "111111111111"}, "Action": "sqs:*",
		"Resource": ["arn:aws:sqs:us-*-1:*:q", "arn:aws:sqs:*:*:${aws:PrincipalTag/team}-*"],
		"Condition": {"StringLike": {"aws:PrincipalTag/team": "o*"}, "IpAddress": {"aws:SourceIp": "10.0.0.0/8"}, "DateLessThan": {"aws:CurrentTime": "2030-01-01T00:00:00Z"}}}`))}}
	if n := testing.AllocsPerRun(100, func() { Decide(r, s) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
