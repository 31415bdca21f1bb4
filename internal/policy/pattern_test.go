package policy

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
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
	for what, c := range map[string]struct{ pattern, resource string }{
		"many stars":                      {strings.Repeat("*:", 4) + "?" + strings.Repeat("*a", 1500) + "b", strings.Repeat("a:", 1000)},
		"many places to begin":            {"*1*:*:" + strings.Repeat("a:", 500) + "b*", "us-1-east:1:" + strings.Repeat("a:", 4000)},
		"many places to begin with a ?":   {"*1*:*:" + strings.Repeat("?:", 500) + "b*", "us-1-east:1:" + strings.Repeat("a:", 4000)},
		"a long text that nearly matches": {"*:*:*" + strings.Repeat("a", 30000) + "b*", "::" + strings.Repeat("a", 65000)},
		"many of them":                    {"*:*:" + strings.Repeat("*"+strings.Repeat("a", 3000)+"b*", 20), "::" + strings.Repeat("a", 65000)},
		"a ? among them":                  {"*:*:*?" + strings.Repeat("a", 3000) + "b*", "::" + strings.Repeat("a", 16000)},
	} {
		d := mustParse(t, Identity, statementsOf(`{"Effect": "Allow", "Action": "*", "Resource": "arn:aws:s3:`+c.pattern+`"}`))
		began := time.Now()
		r := &Request{Principal: ann, Action: "s3:x", Resource: "arn:aws:s3:" + c.resource}
		if d := Decide(r, &Set{Identity: []Policy{{Document: d}}}); d.Allows() {
			t.Error(what, "is allowed")
		}
		if took := time.Since(began); took > time.Second {
			t.Errorf("%s took %v", what, took)
		}
	}
}

// slowly matches as the language defines it, character by character.
func slowly(p []byte, s string) bool {
	switch {
	case len(p) == 0:
		return s == ""
	case p[0] == manyMark:
		for {
			if slowly(p[1:], s) {
				return true
			}
			if s == "" {
				return false
			}
			s = s[width(s):]
		}
	case s == "":
		return false
	case p[0] == oneMark:
		return slowly(p[1:], s[width(s):])
	}
	return p[0] == s[0] && slowly(p[1:], s[1:])
}

func TestAGlobMatchesWhatItsDefinitionDoes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := wildcards(rapid.StringOfN(rapid.RuneFrom([]rune("aab:é*?")), 0, 12, -1).Draw(t, "pattern"))
		s := strings.Join(rapid.SliceOfN(rapid.SampledFrom([]string{"a", "a", "b", ":", "é", "\xc3", "\xe2\x82"}), 0, 14).Draw(t, "text"), "")
		if got, want := glob(p, s), slowly(p, s); got != want {
			t.Fatalf("%q with %q: %v", s, p, got)
		}
		starts := []int{}
		for i := range s {
			if s[i] == ':' {
				starts = append(starts, i+1)
			}
		}
		want := false
		for _, at := range starts {
			want = want || slowly(p, s[at:])
		}
		if got := globFrom(p, s, starts); got != want {
			t.Fatalf("%q with %q from %v: %v", s, p, starts, got)
		}
	})
}
