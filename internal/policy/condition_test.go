package policy

import (
	"encoding/json"
	"testing"
)

func conditionOf(t *testing.T, operator string, values any) *condition {
	t.Helper()
	block, err := json.Marshal(map[string]any{operator: map[string]any{"aws:K": values}})
	if err != nil {
		t.Fatal(err)
	}
	d := mustParse(t, Identity, statementsOf(`{"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": `+string(block)+`}`))
	return &d.statements[0].conditions[0]
}

func TestOperatorsCompareOneValueWithOne(t *testing.T) {
	for _, test := range []struct {
		operator, policy, request string
		want                      bool
	}{
		{"StringEquals", "a", "a", true},
		{"StringEquals", "a", "A", false},
		{"StringEquals", "a*", "ab", false},
		{"StringEquals", "a*", "a*", true},
		{"StringEquals", "${*}", "*", true},
		{"StringEquals", "", "", true},
		{"StringNotEquals", "a", "A", true},
		{"StringNotEquals", "a", "a", false},
		{"StringEqualsIgnoreCase", "Äa", "äA", true},
		{"StringNotEqualsIgnoreCase", "a", "A", false},
		{"StringLike", "a*c", "abbc", true},
		{"StringLike", "a*c", "abcd", false},
		{"StringLike", "a?c", "aéc", true},
		{"StringLike", "A*", "abc", false},
		{"StringLike", "*", "", true},
		{"StringLike", "", "", true},
		{"StringLike", "a${*}c", "abc", false},
		{"StringLike", "a${?}c", "a?c", true},
		{"StringLike", "${$}{x}", "${x}", true},
		{"StringNotLike", "a*", "abc", false},
		{"NumericEquals", "10", "10.0", true},
		{"NumericEquals", "1e1", "10", true},
		{"NumericEquals", "9007199254740993", "9007199254740992", false},
		{"NumericEquals", "10", "ten", false},
		{"NumericEquals", "16", "0x10", false},
		{"NumericNotEquals", "10", "11", true},
		{"NumericNotEquals", "10", "ten", true},
		{"NumericLessThan", "10", "9.5", true},
		{"NumericLessThan", "10", "10", false},
		{"NumericLessThanEquals", "10", "10", true},
		{"NumericGreaterThan", "-1", "0", true},
		{"NumericGreaterThan", "10", "Inf", false},
		{"NumericGreaterThanEquals", "10", "9", false},
		{"DateEquals", "2026-01-01T00:00:00Z", "2026-01-01T01:00:00+01:00", true},
		{"DateEquals", "2026-01-01T00:00:00Z", "1767225600", true},
		{"DateEquals", "1767225600", "2026-01-01", true},
		{"DateEquals", "2026", "2026-01-01T00:00Z", true},
		{"DateNotEquals", "2026-01", "2026-02", true},
		{"DateLessThan", "2026-01-01T00:00:00.5Z", "2026-01-01T00:00:00.25Z", true},
		{"DateLessThanEquals", "2026-01-02", "2026-01-02T00:00:01Z", false},
		{"DateGreaterThan", "2026-01-01", "1767225601", true},
		{"DateGreaterThanEquals", "2026-01-01", "not a date", false},
		{"Bool", "true", "True", true},
		{"Bool", "false", "false", true},
		{"Bool", "false", "true", false},
		{"Bool", "false", "0", false},
		{"BinaryEquals", "YQ==", "YQ==", true},
		{"BinaryEquals", "YQ==", "Yg==", false},
		{"BinaryEquals", "YQ==", "a", false},
		{"IpAddress", "203.0.113.0/24", "203.0.113.255", true},
		{"IpAddress", "203.0.113.77/24", "203.0.113.1", true},
		{"IpAddress", "203.0.113.7", "203.0.113.7", true},
		{"IpAddress", "203.0.113.7", "203.0.113.8", false},
		{"IpAddress", "203.0.113.0/24", "::ffff:203.0.113.9", true},
		{"IpAddress", "2001:DB8:1234:5678::/64", "2001:db8:1234:5678::1", true},
		{"IpAddress", "0.0.0.0/0", "2001:db8::1", false},
		{"IpAddress", "::/0", "10.0.0.1", false},
		{"NotIpAddress", "10.0.0.0/8", "11.0.0.1", true},
		{"NotIpAddress", "10.0.0.0/8", "10.255.0.1", false},
		{"ArnLike", "arn:aws:someservice:*:111122223333:finance/*", "arn:aws:someservice:us-east-2:111122223333:finance/x", true},
		{"ArnLike", "arn:aws:someservice:*:111122223333:finance/*", "arn:aws:someservice:us-east-2:999999999999:store/abc:111122223333:finance/document.txt", false},
		{"StringLike", "arn:aws:someservice:*:111122223333:finance/*", "arn:aws:someservice:us-east-2:999999999999:store/abc:111122223333:finance/document.txt", true},
		{"ArnEquals", "arn:aws:sns:*:*:t*", "arn:aws:sns:us-east-1:1:t:sub", true},
		{"ArnEquals", "arn:aws:sns:us-east-1:1:t", "arn:aws:sns:us-east-1:1:T", false},
		{"ArnEquals", "arn:aws:sns:*", "arn:aws:sns:us-east-1:1:t", false},
		{"ArnEquals", "*", "arn:aws:sns:us-east-1:1:t", true},
		{"ArnEquals", "*", "t", false},
		{"ArnNotEquals", "arn:aws:sns:*:*:t", "arn:aws:sns:us-east-1:1:u", true},
		{"ArnNotLike", "arn:aws:sns:*:*:?", "arn:aws:sns:us-east-1:1:u", false},
	} {
		c := conditionOf(t, test.operator, test.policy)
		if got := c.holds(Values{"aws:k": One(test.request)}); got != test.want {
			t.Errorf("%s: policy %q, request %q: %v", test.operator, test.policy, test.request, got)
		}
	}
}

func TestMissingKeysAndSetsOfValues(t *testing.T) {
	missing, empty := Value{}, Many(nil)
	blank, ab := One(""), Many([]string{"a", "b"})
	for _, test := range []struct {
		operator string
		policy   []string
		request  Value
		want     bool
	}{
		// A missing key matches nothing, so what is negated holds.
		{"StringEquals", []string{"a"}, missing, false},
		{"StringNotEquals", []string{"a"}, missing, true},
		{"NotIpAddress", []string{"10.0.0.0/8"}, missing, true},
		{"NumericLessThan", []string{"10"}, missing, false},
		{"Bool", []string{"false"}, missing, false},
		{"StringLike", []string{"*"}, missing, false},
		{"StringEqualsIfExists", []string{"a"}, missing, true},
		{"StringNotEqualsIfExists", []string{"a"}, missing, true},
		{"StringEqualsIfExists", []string{"a"}, One("b"), false},
		{"StringEqualsIfExists", []string{"a"}, blank, false},
		// Several values in the policy: one of them; negated, none of them.
		{"StringEquals", []string{"a", "b"}, One("b"), true},
		{"StringNotEquals", []string{"a", "b"}, One("b"), false},
		{"StringNotEquals", []string{"a", "b"}, One("c"), true},
		{"NumericLessThan", []string{"1", "10"}, One("5"), true},
		{"StringEquals", nil, One("a"), false},
		{"StringNotEquals", nil, One("a"), true},
		// Null.
		{"Null", []string{"true"}, missing, true},
		{"Null", []string{"false"}, missing, false},
		{"Null", []string{"true"}, One("a"), false},
		{"Null", []string{"false"}, One("a"), true},
		{"Null", []string{"true"}, empty, true},
		{"Null", []string{"true"}, blank, true},
		{"Null", []string{"true", "false"}, One("a"), true},
		{"Null", nil, missing, false},
		// ForAllValues also holds where there is nothing.
		{"ForAllValues:StringEquals", []string{"a", "b", "c"}, ab, true},
		{"ForAllValues:StringEquals", []string{"a"}, ab, false},
		{"ForAllValues:StringEquals", []string{"a"}, missing, true},
		{"ForAllValues:StringEquals", []string{"a"}, empty, true},
		{"ForAllValues:StringEquals", []string{"a"}, blank, true},
		{"ForAllValues:StringEquals", nil, missing, true},
		{"ForAllValues:StringEquals", nil, ab, false},
		{"ForAllValues:StringNotEquals", []string{"c"}, ab, true},
		{"ForAllValues:StringNotEquals", []string{"a"}, ab, false},
		{"ForAllValues:StringEqualsIfExists", []string{"a"}, ab, false},
		{"ForAllValues:StringLike", []string{"a*"}, Many([]string{"a1", "a2"}), true},
		// ForAnyValue does not, not even negated.
		{"ForAnyValue:StringEquals", []string{"b"}, ab, true},
		{"ForAnyValue:StringEquals", []string{"c"}, ab, false},
		{"ForAnyValue:StringEquals", []string{"a"}, missing, false},
		{"ForAnyValue:StringEquals", []string{"a"}, empty, false},
		{"ForAnyValue:StringNotEquals", []string{"a"}, missing, false},
		{"ForAnyValue:StringNotEquals", []string{"a"}, ab, true},
		{"ForAnyValue:StringNotEquals", []string{"a", "b"}, ab, false},
		{"ForAnyValue:StringEqualsIfExists", []string{"c"}, missing, true},
		{"ForAnyValue:StringEqualsIfExists", []string{"c"}, blank, false},
		// Many values without a qualifier.
		{"StringEquals", []string{"b"}, ab, true},
		{"StringNotEquals", []string{"b"}, ab, false},
	} {
		values := test.policy
		if values == nil {
			values = []string{}
		}
		if got := conditionOf(t, test.operator, values).holds(Values{"aws:k": test.request}); got != test.want {
			t.Errorf("%s %q: request %+v: %v", test.operator, test.policy, test.request, got)
		}
	}
}

func TestVariablesStandForWhatTheRequestHas(t *testing.T) {
	keys := Values{
		"aws:username": One("ann"), "aws:principaltag/team": One("a*"), "aws:tagkeys": Many([]string{"x"}),
		"aws:userid": One(""), "aws:securetransport": One("true"), "aws:bad": One("\xff"), "aws:principalarn": One("arn:aws:iam::1:user/ann"),
	}
	for _, test := range []struct {
		operator, policy, request string
		want                      bool
	}{
		{"StringEquals", "${aws:username}", "ann", true},
		{"StringEquals", "${AWS:UserName}/${aws:username}", "ann/ann", true},
		{"StringEquals", "${aws:PrincipalTag/Team}", "a*", true},
		{"StringLike", "${aws:PrincipalTag/Team}", "abc", false}, // a value's * is no wildcard
		{"StringLike", "${aws:PrincipalTag/Team}*", "a*bc", true},
		{"StringEquals", "${aws:PrincipalTag/none}", "", false},
		{"StringLike", "${aws:PrincipalTag/none}*", "abc", false},
		{"StringNotEquals", "${aws:PrincipalTag/none}", "abc", true},
		{"StringEquals", "${aws:PrincipalTag/none, 'all'}", "all", true},
		{"StringEquals", "${aws:PrincipalTag/none,'all, {of} them}'}", "all, {of} them}", true},
		{"StringLike", "${aws:PrincipalTag/none, '*'}", "x", false},
		{"StringEquals", "${aws:username, 'all'}", "ann", true},
		{"StringEquals", "${aws:userid, 'anonymous'}", "anonymous", true},
		{"StringEquals", "${aws:TagKeys}", "x", false}, // of many values none can stand there
		{"StringEquals", "${aws:bad, 'x'}", "x", true},
		{"StringEqualsIgnoreCase", "${aws:username}", "ANN", true},
		{"ArnEquals", "${aws:PrincipalArn}", "arn:aws:iam::1:user/ann", true},
		{"ArnLike", "arn:aws:iam::*:user/${aws:username}", "arn:aws:iam::1:user/ann", true},
		{"Bool", "${aws:SecureTransport}", "true", true},
		{"Bool", "${aws:username}", "true", false},
	} {
		c := conditionOf(t, test.operator, test.policy)
		keys["aws:k"] = One(test.request)
		if got := c.holds(keys); got != test.want {
			t.Errorf("%s: policy %q, request %q: %v", test.operator, test.policy, test.request, got)
		}
	}
}

func TestTheOldVersionHasNoVariables(t *testing.T) {
	d := mustParse(t, Identity, `{"Version": "2008-10-17", "Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "arn:aws:s3:::${aws:username}", "Condition": {"StringLike": {"aws:k": "${*}"}}}}`)
	keys := Values{"aws:username": One("ann"), "aws:k": One("${anything}")}
	r := &Request{Principal: ann, Action: "s3:GetObject", Resource: "arn:aws:s3:::${aws:username}", Context: keys}
	if d := Decide(r, &Set{Identity: []Policy{{Document: d}}}); !d.Allows() {
		t.Error(d.Reason(r))
	}
	r.Resource = "arn:aws:s3:::ann"
	if d := Decide(r, &Set{Identity: []Policy{{Document: d}}}); d.Allows() {
		t.Error(d.Reason(r))
	}
}

func TestNamesOfTagsAreTheSameInAnyCaseAndNotByFolding(t *testing.T) {
	for _, test := range []struct {
		tags map[string]string
		name string
		want string
	}{
		{map[string]string{"Status": "a"}, "status", "a"},
		{map[string]string{"ſtatus": "a"}, "status", ""}, // Unicode folds it to an s
		{map[string]string{"ſtatus": "a", "STATUS": "b"}, "status", "b"},
		{map[string]string{"Team": "a", "TEAM": "b"}, "team", "b"},
		{nil, "team", ""},
	} {
		v := Tag(test.tags, test.name)
		if got, ok := v.variable(); got != test.want || ok != (test.want != "") {
			t.Errorf("%s of %v is %q", test.name, test.tags, got)
		}
	}
}
