package main

import (
	"strings"
	"testing"
	"time"

	"github.com/carillon-events/carillon/internal/access"
)

func TestAReportIsReadByPeople(t *testing.T) {
	var out strings.Builder
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	r := access.Report{Mode: "dev", Since: at, Dropped: 7, Keys: []access.Lacking{{
		AccessKey: "shop", Principal: "arn:aws:iam::111111111111:user/shop",
		Lacks: []access.Lack{
			{Action: "sqs:SendMessage", Resource: "arn:aws:sqs:r:111111111111:q", Count: 3, Remedy: "policy"},
			{Action: "sqs:DeleteQueue", Resource: "arn:aws:sqs:r:222222222222:q", Count: 1, Remedy: "owner only"},
		},
		Policy: &access.Document{Version: "2012-10-17", Statement: []access.Statement{{Effect: "Allow", Action: []string{"sqs:SendMessage"}, Resource: []string{"arn:aws:sqs:r:111111111111:q"}}}},
	}}, Sendings: []access.Sending{{Sender: "arn:aws:events:r:111111111111:rule/r", Resource: "arn:aws:sqs:r:111111111111:jobs", Reason: "no statement", Count: 22}},
		Roles:  []access.RolePolicy{{Role: "arn:aws:iam::111111111111:role/s", Policy: &access.Document{}}},
		Grants: []access.Grant{{Resource: "arn:aws:sqs:r:222222222222:q", Statement: access.Statement{Effect: "Allow"}}}}
	if err := printReport(&out, &r); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"shop, as arn:aws:iam::111111111111:user/shop: 2 questions would be refused by --auth strict", "3×", "sqs:SendMessage",
		"no policy can allow it to another account", `"Version": "2012-10-17"`, "The policy of arn:aws:sqs:r:222222222222:q lacks the statement:", "There was no room for 7 more",
		"What rules and topics send: 1 ways would be refused by --auth strict", "22×  arn:aws:events:r:111111111111:rule/r\n      to arn:aws:sqs:r:111111111111:jobs\n      no statement\n",
		"The role arn:aws:iam::111111111111:role/s lacks the policy:",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in\n%s", want, out.String())
		}
	}
	out.Reset()
	if err := printReport(&out, &access.Report{Mode: "strict", Since: at}); err != nil || out.String() != "Nothing that was asked since 2026-01-02 03:04:05 was refused.\n" {
		t.Errorf("%q, %v", out.String(), err)
	}
}

func TestAnExplanationIsReadByPeople(t *testing.T) {
	var out strings.Builder
	printAccess(&out, &access.Explanation{
		Decision: "explicitDeny", Reason: "denied by statement x of queue policy", Denial: "User: …", Missing: []string{"aws:SourceIp"},
		Matched: []access.Matched{{Policy: "queue policy", Sid: "x", Effect: "Deny", Line: 3}},
	})
	const want = "no: denied by statement x of queue policy\n  Deny of queue policy, line 3, statement x\n" +
		"  policies ask for aws:SourceIp, which the question does not have: --key NAME=VALUE\n  the client is told: User: …\n"
	if out.String() != want {
		t.Errorf("%q\nwant %q", out.String(), want)
	}
}
