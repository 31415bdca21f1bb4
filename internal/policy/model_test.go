package policy

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

const (
	ours   = "111111111111"
	theirs = "222222222222"
)

// Drawn from few words, so that much of it meets.
var (
	somePrincipals = []Principal{
		{},
		{Kind: Root, ARN: "arn:aws:iam::111111111111:root", Account: ours},
		{Kind: User, ARN: "arn:aws:iam::111111111111:user/ann", Account: ours},
		{Kind: User, ARN: "arn:aws:iam::111111111111:user/bob", Account: ours},
		{Kind: RoleSession, ARN: "arn:aws:sts::111111111111:assumed-role/r/s", Account: ours, Behind: "arn:aws:iam::111111111111:role/p/r"},
		{Kind: FederatedUser, ARN: "arn:aws:sts::111111111111:federated-user/f", Account: ours, Behind: "arn:aws:iam::111111111111:user/ann"},
		{Kind: Service, ARN: "events.amazonaws.com"},
		{Kind: Provider, ARN: "accounts.google.com"},
	}
	someNames = []string{
		"*", ours, theirs, "arn:aws:iam::111111111111:root", "arn:aws:iam::111111111111:user/ann", "arn:aws:iam::111111111111:role/p/r",
		"arn:aws:sts::111111111111:assumed-role/r/s", "arn:aws:sts::111111111111:federated-user/f",
	}
	someActions   = []string{"sqs:SendMessage", "sqs:ReceiveMessage", "sns:Publish", "events:PutEvents", "SQS:sendmessage", "x:y"}
	actionTexts   = []string{"*", "*:*", "sqs:*", "SQS:Send*", "sqs:?endMessage", "sqs:SendMessage", "sns:*sh", "events:put*", "events:*e*t*", "sns:Publish"}
	someResources = []string{
		"*", "arn:aws:sqs:us-east-1:111111111111:ann-q", "arn:aws:sqs:eu-west-1:111111111111:q", "arn:aws:sns:us-east-1:222222222222:t",
		"arn:aws:events:us-east-1:111111111111:event-bus/a:b", "arn:aws:s3:::b/ann/x",
	}
	resourceTexts = []string{
		"*", "arn:aws:sqs:*", "arn:aws:sqs:us-east-1:111111111111:ann-q", "arn:aws:sqs:*:111111111111:*q", "arn:aws:sqs:us-*-1:*:q", "arn:aws:sqs:??-west-1:*",
		"arn:*:sqs:*:q", "arn:aws:sqs:*:*:b", "arn:aws:sqs:us-east-1:111111111111:${aws:username}-q", "arn:aws:s3:::b/${aws:username}/*", "arn:aws:s3:::b/${aws:PrincipalTag/none, 'ann'}/${*}",
		"arn:aws:events:us-east-1:*1:event-bus/*:?", "arn:aws:sns:us-east-?:222222222222:t", "arn:aws:s3:::b/${aws:PrincipalTag/none}/x", "arn:aws:sqs:e*:q", "arn:aws:sqs:*1:*1:*", "arn:aws:sns:*:*:*2:t",
	}
	stringTexts = []string{"ann", "ANN", "a*", "?nn", "", "*", "${aws:username}", "${aws:principaltag/none}", "${aws:PrincipalTag/none, 'ann'}", "a${*}", "${aws:TagKeys}"}
	arnTexts    = []string{"*", "arn:aws:sqs:*:*:q", "arn:aws:sqs:*", "arn:aws:sqs:eu-west-1:111111111111:q", "arn:aws:s?s:*1:1*:?", "${aws:SourceArn}", "arn:aws:sns:*:*:*"}
	numberTexts = []string{"1", "1.5", "1e1", "10", "-3", "9007199254740993", "9007199254740992"}
	dateTexts   = []string{"2026", "2026-01", "2026-01-01T00:00Z", "2026-01-01T00:00:00.5+01:00", "1767225600", "2026-01-02", "1"}
	boolTexts   = []string{"true", "false", "TRUE", "${aws:SecureTransport}"}
	nullTexts   = []string{"true", "false"}
	binaryTexts = []string{"YQ==", "YWE=", ""}
	ipTexts     = []string{"10.0.0.0/8", "10.1.2.3", "2001:db8::/32", "::1", "0.0.0.0/0", "10.1.2.3/24"}
	contextText = slices.Concat(stringTexts[:5], []string{
		"true", "False", "10.1.2.3", "2001:db8::1", "2026-01-01T00:00:00Z", "1767225600", "10", "1.50", "9007199254740993",
		"arn:aws:sqs:eu-west-1:111111111111:q", "arn:aws:sns:us-east-1:222222222222:t:x", "YQ==", "none of these",
	})
	someKeys = []string{"aws:username", "AWS:UserName", "aws:TagKeys", "aws:SourceArn", "aws:SecureTransport", "aws:x", "aws:y"}
)

func textsOf(f family) []string {
	return map[family][]string{
		stringEquals: stringTexts, stringFolded: stringTexts, stringLike: stringTexts, arnLike: arnTexts, numeric: numberTexts,
		date: dateTexts, boolean: boolTexts, null: nullTexts, binary: binaryTexts, address: ipTexts,
	}[f]
}

func pick[T any](t *rapid.T, from []T, label string) T { return rapid.SampledFrom(from).Draw(t, label) }

// some draws a list, or the one thing that may stand in its place.
func some(t *rapid.T, from []string, label string) any {
	all := rapid.SliceOfN(rapid.SampledFrom(from), 1, 3).Draw(t, label)
	if len(all) == 1 && rapid.Bool().Draw(t, label+" alone") {
		return all[0]
	}
	return all
}

func drawCondition(t *rapid.T) map[string]any {
	names := make([]string, 0, len(operators))
	for name := range operators {
		names = append(names, name)
	}
	slices.Sort(names)
	all := map[string]any{}
	for range rapid.IntRange(1, 2).Draw(t, "conditions") {
		name := pick(t, names, "operator")
		values := some(t, textsOf(operators[name].family), "values")
		if name != "Null" {
			name = pick(t, []string{"", "", "ForAllValues:", "ForAnyValue:"}, "qualifier") + name + pick(t, []string{"", "", "IfExists"}, "suffix")
			if rapid.IntRange(0, 9).Draw(t, "no values") == 0 {
				values = []string{}
			}
		}
		all[name] = map[string]any{pick(t, someKeys, "key"): values}
	}
	return all
}

func drawStatement(t *rapid.T, kind Kind, version string) map[string]any {
	s := map[string]any{"Effect": pick(t, []string{"Allow", "Allow", "Allow", "Deny"}, "effect")}
	s[pick(t, []string{"Action", "Action", "NotAction"}, "action element")] = some(t, actionTexts, "actions")
	if kind != Resource || rapid.Bool().Draw(t, "has resource") {
		texts := resourceTexts
		s[pick(t, []string{"Resource", "Resource", "NotResource"}, "resource element")] = some(t, texts, "resources")
	}
	if kind == Resource {
		element := "Principal"
		if s["Effect"] == "Deny" && rapid.Bool().Draw(t, "not") {
			element = "NotPrincipal"
		}
		switch rapid.IntRange(0, 4).Draw(t, "principals") {
		case 0:
			s[element] = "*"
		case 1:
			s[element] = map[string]any{"Service": "events.amazonaws.com", "Federated": []string{"accounts.google.com"}}
		default:
			s[element] = map[string]any{"AWS": rapid.SliceOfN(rapid.SampledFrom(someNames), 1, 5).Draw(t, "names")}
		}
	}
	if rapid.Bool().Draw(t, "has condition") {
		s["Condition"] = drawCondition(t)
	}
	return s
}

func drawPolicy(t *rapid.T, kind Kind) Policy {
	d := map[string]any{}
	version := pick(t, []string{"2012-10-17", "2012-10-17", "2012-10-17", "2008-10-17", ""}, "version")
	if version != "" {
		d["Version"] = version
	}
	var statements []map[string]any
	for range rapid.IntRange(1, 3).Draw(t, "statements") {
		statements = append(statements, drawStatement(t, kind, version))
	}
	d["Statement"] = statements
	text, err := json.Marshal(d)
	if err != nil {
		t.Fatal(err)
	}
	document, err := Parse(kind, string(text))
	if err != nil {
		// A variable is no Boolean for a version that has no variables.
		if version != "2012-10-17" && strings.Contains(err.Error(), "true or false") {
			t.Skip()
		}
		t.Fatalf("%s: %v", text, err)
	}
	return Policy{Name: kind.String(), Document: document}
}

func drawPolicies(t *rapid.T, kind Kind, most int) []Policy {
	var all []Policy
	for range rapid.IntRange(0, most).Draw(t, kind.String()) {
		all = append(all, drawPolicy(t, kind))
	}
	return all
}

func drawContext(t *rapid.T) Values {
	c := Values{}
	for _, key := range someKeys {
		switch rapid.IntRange(0, 4).Draw(t, key) {
		case 0:
		case 1:
			c.Set(key, Many(rapid.SliceOfN(rapid.SampledFrom(contextText), 0, 3).Draw(t, "many")))
		default:
			c.Set(key, One(pick(t, contextText, "one")))
		}
	}
	return c
}

func TestDecidingIsAsTheDocumentationReads(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		keys := drawContext(t)
		r := &Request{
			Principal:       pick(t, somePrincipals, "principal"),
			Action:          pick(t, someActions, "action"),
			Resource:        pick(t, someResources, "resource"),
			ResourceAccount: pick(t, []string{"", ours, theirs}, "resource account"),
			Context:         keys,
		}
		s := &Set{
			Identity: drawPolicies(t, Identity, 2), Session: drawPolicies(t, Session, 1), Resource: drawPolicies(t, Resource, 1),
			MustBeTrusted: rapid.IntRange(0, 4).Draw(t, "must be trusted") == 0,
		}
		if b := drawPolicies(t, Boundary, 1); len(b) > 0 {
			s.Boundary = b[0]
		}
		got := Decide(r, s)
		if want := decideNaively(r, s, keys); got.Outcome != want {
			t.Fatalf("%v, want %v: %s", got.Outcome, want, got.Reason(r))
		}
		checkReason(t, &got, r)
		sim := Simulate(r, s)
		if sim.Outcome != got.Outcome {
			t.Fatalf("simulated: %v, want %v", sim.Outcome, got.Outcome)
		}
		if p, i := got.By(); p != nil && sim.Outcome == ExplicitDeny && !slices.ContainsFunc(sim.Matched, func(m Match) bool { return m.Policy == p && m.Statement == i }) {
			t.Fatalf("the statement that denied is not among the matched")
		}
	})
}

// checkReason: what a decision names has the effect that it came to.
func checkReason(t *rapid.T, d *Decision, r *Request) {
	if d.Reason(r) == "" || (d.Denial(r) == "") != d.Allows() {
		t.Fatalf("%v has the reason %q and the denial %q", d.Outcome, d.Reason(r), d.Denial(r))
	}
	p, i := d.By()
	switch {
	case d.Outcome == ImplicitDeny && p != nil, d.Outcome == ExplicitDeny && p == nil:
		t.Fatalf("%v by %v", d.Outcome, p)
	case p == nil:
		return
	}
	if s := p.Document.statements[i]; (s.effect == Allow) != d.Allows() {
		t.Fatalf("%v by a statement that says %v", d.Outcome, s.effect)
	}
}
