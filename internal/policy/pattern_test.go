package policy

import (
	"strings"
	"testing"
	"time"
)

func TestActionsMatchWithoutRegardToCase(t *testing.T) {
	for _, test := range []struct {
		pattern, action string
		want            bool
	}{
		{"*", "sqs:SendMessage", true},
		{"*:*", "sqs:SendMessage", true},
		{"sqs:*", "sqs:SendMessage", true},
		{"SQS:sendMESSAGE", "sqs:SendMessage", true},
		{"sqs:Send*", "SQS:SENDMESSAGEBATCH", true},
		{"sqs:?end*Batch", "sqs:SendMessageBatch", true},
		{"sqs:Send", "sqs:SendMessage", false},
		{"sqs:*Send", "sqs:SendMessage", false},
		{"sq:*", "sqs:SendMessage", false},
		{"sqs2:*", "sqs:SendMessage", false},
		{"iam:*AccessKey*", "iam:ListAccessKeys", true},
	} {
		for element, want := range map[string]bool{"Action": test.want, "NotAction": !test.want} {
			s := &Set{Identity: []Policy{policyOf(t, Identity, `{"Effect": "Allow", "`+element+`": ["zzz:No", "`+test.pattern+`"], "Resource": "*"}`)}}
			if d := Decide(&Request{Principal: ann, Action: test.action, Resource: "*"}, s); d.Allows() != want {
				t.Errorf("%s %s, %s: %v", element, test.pattern, test.action, d.Allows())
			}
		}
	}
}

func TestResourcesMatchByParts(t *testing.T) {
	for _, test := range []struct {
		pattern, resource string
		want              bool
	}{
		{"*", "*", true},
		{"*", queue, true},
		{queue, queue, true},
		{queue, strings.ToUpper(queue), false},
		{"arn:aws:sqs:*", queue, true},
		{"arn:aws:sqs:*", "*", false},
		{"arn:aws:sqs:us-east-1:111111111111:", queue, false},
		{"arn:aws:sqs:us-east-?:*:q", queue, true},
		{"arn:aws:sqs:us-*-1:*:q", queue, true},
		{"arn:aws:sqs:*-1:111111111111:*", queue, true},
		// A * within a part stays there; at the end of one, it may go on.
		{"arn:aws:sqs:u*1:q", queue, false},
		{"arn:aws:sqs:*:q", queue, true},
		{"arn:aws:sqs:us*:q", queue, true},
		{"arn:aws:sqs:us*:*1:q", queue, true},
		{"arn:aws:sqs:u*t-*:q", queue, true},
		{"arn:aws:sqs:u*1*:q", queue, true},
		{"arn:aws:sqs:?s*", queue, true},
		{"arn:aws:sqs:u*x", queue, false},
		{"arn:aws:sqs:us-east-1?111111111111:q", queue, false},
		// After the fifth colon, wildcards go everywhere.
		{"arn:aws:logs:*:*:log-group:*:log-stream:x", "arn:aws:logs:us-east-1:1:log-group:a:b:log-stream:x", true},
		{"arn:aws:logs:*:*:log?group*x", "arn:aws:logs:us-east-1:1:log:group:a:b:log-stream:x", true},
		// The documentation's example.
		{"arn:aws:s3:::b/*/test/*", "arn:aws:s3:::b/1/2/test/3/object.jpg", true},
		{"arn:aws:s3:::b/*/test/*", "arn:aws:s3:::b/1///test///object.jpg", true},
		{"arn:aws:s3:::b/*/test/*", "arn:aws:s3:::b//test/object.jpg", true},
		{"arn:aws:s3:::b/*/test/*", "arn:aws:s3:::b/1/test/", true},
		{"arn:aws:s3:::b/*/test/*", "arn:aws:s3:::b/1-test/object.jpg", false},
		{"arn:aws:s3:::b/*/test/*", "arn:aws:s3:::b/test/object.jpg", false},
		{"arn:aws:s3:::b/*/test/*", "arn:aws:s3:::b/1/2/test.jpg", false},
		{"arn:aws:s3:::${aws:username}/${*}", "arn:aws:s3:::ann/*", true},
		{"arn:aws:s3:::${aws:username}/${*}", "arn:aws:s3:::ann/x", false},
		{"arn:aws:s3:*-1::${aws:username}/*", "arn:aws:s3:us-1::ann/x", true},
		{"arn:aws:s3:::${aws:PrincipalTag/none}*", "arn:aws:s3:::ann", false},
	} {
		for element, want := range map[string]bool{"Resource": test.want, "NotResource": !test.want} {
			s := &Set{Identity: []Policy{policyOf(t, Identity, `{"Effect": "Allow", "Action": "*", "`+element+`": ["arn:aws:sns:::no", "`+test.pattern+`"]}`)}}
			r := &Request{Principal: ann, Action: "x:y", Resource: test.resource, Context: Values{"aws:username": One("ann")}}
			if d := Decide(r, s); d.Allows() != want {
				t.Errorf("%s %s, %s: %v", element, test.pattern, test.resource, d.Allows())
			}
		}
	}
}

// A caller chooses the names of resources, so what is no UTF-8 must not get past a
// statement that denies.
func TestBytesThatMarkWildcardsAreOnlyBytes(t *testing.T) {
	for _, resource := range []string{"\xff", "a\xffb\xfe", "\xfe\xff\xff"} {
		if !glob(wildcards("*"), resource) || !glob(wildcards("*b*"), resource+"b\xff") || glob(wildcards("ab"), resource) {
			t.Errorf("%q", resource)
		}
	}
	if glob(wildcards("a?"), "a") || !glob(wildcards("??"), "\xffb") {
		t.Error("? is one character")
	}
}

func TestAHostilePatternTakesBoundedTime(t *testing.T) {
	d := mustParse(t, Identity, statementsOf(`{"Effect": "Allow", "Action": "*", "Resource": ["arn:aws:s3:`+strings.Repeat("*:", 4)+`?`+strings.Repeat("*a", 1500)+`b"]}`))
	began := time.Now()
	r := &Request{Principal: ann, Action: "s3:x", Resource: "arn:aws:s3:" + strings.Repeat("a:", 1000)}
	if d := Decide(r, &Set{Identity: []Policy{{Document: d}}}); d.Allows() {
		t.Error("allowed")
	}
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("it took %v", took)
	}
}
