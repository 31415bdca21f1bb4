package policy

import (
	"errors"
	"strconv"
	"strings"
	"testing"
	"time"
)

func TestDocumentsOfEachKindAreRead(t *testing.T) {
	for name, test := range map[string]struct {
		kind Kind
		text string
		len  int
	}{
		"one statement without brackets": {Identity, `{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}`, 1},
		"the version last":               {Identity, `{"Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "arn:aws:s3:::${aws:username}"}], "Version": "2012-10-17"}`, 1},
		"no version":                     {Boundary, `{"Statement": [{"Resource": ["*"], "NotAction": ["iam:*"], "Effect": "Allow"}]}`, 1},
		"a session policy":               {Session, statementsOf(`{"Sid": "a", "Effect": "Deny", "NotResource": ["arn:aws:sqs:*:*:q"], "Action": ["sqs:Get?ueueUrl"]}`), 1},
		"a queue's policy with an id":    {Resource, `{"Id": "__default policy/ID", "Statement": [{"Sid": "with spaces", "Effect": "Allow", "Principal": "*", "Action": "SQS:*"}, {"Effect": "Deny", "NotPrincipal": {"Service": "sns.amazonaws.com"}, "Action": "sqs:SendMessage", "Resource": "*"}]}`, 2},
		"every kind of principal": {Resource, statementsOf(`{"Effect": "Allow", "Action": "s3:GetObject", "Principal": {"AWS": ["111111111111", "arn:aws:iam::111111111111:root", "arn:aws:iam::111111111111:user/p/u",
			"arn:aws-cn:iam::111111111111:role/r", "arn:aws:sts::111111111111:assumed-role/r/s", "arn:aws:sts::111111111111:federated-user/f", "*"],
			"Service": ["events.amazonaws.com"], "Federated": "arn:aws:iam::111111111111:oidc-provider/x", "CanonicalUser": "79a59df9"}}`), 1},
		"a trust policy": {Trust, statementsOf(`{"Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}, "Action": ["sts:AssumeRole", "sts:Tag*"]}`), 1},
		"numbers and Booleans without quotation marks": {Identity, statementsOf(`{"Effect": "Allow", "Action": "s3:*", "Resource": "*", "Condition": {"NumericLessThan": {"s3:max-keys": 1e1}, "Bool": {"aws:SecureTransport": [true]}}}`), 1},
		"nothing in a condition":                       {Identity, statementsOf(`{"Effect": "Allow", "Action": "s3:*", "Resource": "*", "Condition": {}}`), 1},
		"escapes":                                      {Identity, statementsOf(`{"Sid": "\u0061", "Effect": "Allow", "Action": "s3:*", "Resource": "arn:aws:s3:::\u00e9\/*"}`), 1},
		"variables that are none in the old version":   {Identity, `{"Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "arn:aws:s3:::${"}}`, 1},
	} {
		d, err := Parse(test.kind, test.text)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if d.Len() != test.len || d.Text() != test.text || d.Kind() != test.kind {
			t.Errorf("%s: %d statements, %v, %q", name, d.Len(), d.Kind(), d.Text())
		}
	}
}

func TestWhatIsWrongWithADocumentIsSaidWithItsPlace(t *testing.T) {
	const good = `"Effect": "Allow", "Action": "s3:*", "Resource": "*"`
	in := func(s string) string { return statementsOf(`{` + s + `}`) }
	for _, test := range []struct {
		kind                   Kind
		text                   string
		message, pointer, word string
	}{
		{Identity, ``, syntaxError, "", "the end of the text"},
		{Identity, `[]`, syntaxError, "", "'['"},
		{Identity, `{}`, syntaxError, "/Statement", "at least one"},
		{Identity, `{"Statement": []}`, syntaxError, "/Statement", "at least one"},
		{Identity, `{"Statement": null}`, syntaxError, "/Statement", "'n'"},
		{Identity, in(good) + `x`, syntaxError, "", "'x'"},
		{Identity, in(good)[1:], syntaxError, "", "an object"},
		{Identity, "{\"Statement\": \"\x01\"}", syntaxError, "/Statement", "a statement"},
		{Identity, "{\"Statement\x01\": 1}", syntaxError, "", "an escape"},
		{Identity, `{"Stat\ement": 1}`, syntaxError, "", "escape"},
		{Identity, "\xff", syntaxError, "", "UTF-8"},
		{Identity, strings.Repeat(" ", MaxText) + "{}", syntaxError, "", "longer"},
		{Identity, strings.Repeat("[", 100000), syntaxError, "", "an object"},
		{Identity, `{"Statement": ` + strings.Repeat("[", 100000), syntaxError, "/Statement/0", "a statement"},
		{Identity, in(`"Effect": "Allow", "Action": ` + strings.Repeat("[", 100000)), syntaxError, "/Statement/0/Action/0", "a string"},
		{Identity, `{"Version": "2012-10-18", "Statement": {` + good + `}}`, badVersion, "/Version", "2008-10-17"},
		{Identity, `{"Version": 2012, "Statement": {` + good + `}}`, syntaxError, "/Version", "a string"},
		{Identity, `{"Version": "2012-10-17", "Version": "2012-10-17", "Statement": {` + good + `}}`, syntaxError, "/Version", "twice"},
		{Identity, `{"Statement": {` + good + `}, "Id": "x"}`, syntaxError, "/Id", "Id"},
		{Identity, `{"Statement": {` + good + `}, "Comment": "x"}`, syntaxError, "/Comment", "only"},
		{Identity, in(good + `, "effect": "Allow"`), syntaxError, "/Statement/0/effect", "no such element"},
		{Identity, in(good + `, "Effect": "Deny"`), syntaxError, "/Statement/0/Effect", "twice"},
		{Identity, in(good + `, "NotAction": "x:y"`), syntaxError, "/Statement/0/NotAction", "not both"},
		{Identity, in(good + `, "NotResource": "*"`), syntaxError, "/Statement/0/NotResource", "not both"},
		{Identity, in(good + `,`), syntaxError, "/Statement/0", "a name"},
		{Identity, in(`"Action": "s3:*", "Resource": "*"`), syntaxError, "/Statement/0", "needs an Effect"},
		{Identity, in(`"Effect": "allow", "Action": "s3:*", "Resource": "*"`), syntaxError, "/Statement/0/Effect", "in this spelling"},
		{Identity, in(`"Effect": ["Allow"], "Action": "s3:*", "Resource": "*"`), syntaxError, "/Statement/0/Effect", "Allow or Deny"},
		{Identity, in(`"Effect": "Allow", "Resource": "*"`), noActions, "/Statement/0", "Action"},
		{Identity, in(`"Effect": "Allow", "Action": [], "Resource": "*"`), noActions, "/Statement/0/Action", "at least one"},
		{Identity, in(`"Effect": "Allow", "Action": [1], "Resource": "*"`), syntaxError, "/Statement/0/Action/0", "'1'"},
		{Identity, in(`"Effect": "Allow", "Action": ["s3:*",], "Resource": "*"`), syntaxError, "/Statement/0/Action/1", "']'"},
		{Identity, in(`"Effect": "Allow", "Action": "SendMessage", "Resource": "*"`), noVendor, "/Statement/0/Action", "SERVICE:NAME"},
		{Identity, in(`"Effect": "Allow", "Action": ["s3:*", "a:b:c"], "Resource": "*"`), manyColons, "/Statement/0/Action/1", "SERVICE:NAME"},
		{Identity, in(`"Effect": "Allow", "Action": "s*:Get", "Resource": "*"`), syntaxError, "/Statement/0/Action", "wildcards are for"},
		{Identity, in(`"Effect": "Allow", "Action": "sş:Get", "Resource": "*"`), syntaxError, "/Statement/0/Action", "letters"},
		{Identity, in(`"Effect": "Allow", "Action": "s3:", "Resource": "*"`), syntaxError, "/Statement/0/Action", "after the colon"},
		{Identity, in(`"Effect": "Allow", "Action": "s3:*"`), noResources, "/Statement/0", "Resource"},
		{Identity, in(`"Effect": "Allow", "Action": "s3:*", "Resource": []`), noResources, "/Statement/0/Resource", "at least one"},
		{Identity, in(`"Effect": "Allow", "Action": "s3:*", "Resource": "bucket"`), `Resource bucket must be in ARN format or "*".`, "/Statement/0/Resource", "neither"},
		{Identity, in(`"Effect": "Allow", "Action": "s3:*", "Resource": "arn:aws"`), vendorPattern, "/Statement/0/Resource", "a service"},
		{Identity, in(`"Effect": "Allow", "Action": "s3:*", "Resource": "arn:aws:s*:::x"`), vendorPattern, "/Statement/0/Resource", "wildcards"},
		{Identity, in(`"Effect": "Allow", "Action": "s3:*", "Resource": "arn:aws:s3"`), `Resource arn:aws:s3 must be in ARN format or "*".`, "/Statement/0/Resource", "ends after"},
		{Identity, in(`"Effect": "Allow", "Action": "s3:*", "Resource": "arn:aws:sqs:*:${aws:x}:q"`), syntaxError, "/Statement/0/Resource", "fifth colon"},
		{Identity, in(`"Effect": "Allow", "Action": "s3:*", "Resource": "arn:aws:s3:::${aws:x"`), syntaxError, "/Statement/0/Resource", "closing brace"},
		{Identity, in(`"Effect": "Allow", "Action": "s3:*", "Resource": "arn:aws:s3:::${ }"`), syntaxError, "/Statement/0/Resource", "no name"},
		{Identity, in(`"Effect": "Allow", "Action": "s3:*", "Resource": "arn:aws:s3:::${aws:x, y}"`), syntaxError, "/Statement/0/Resource", "single quotes"},
		{Identity, in(good + `, "Sid": "a b"`), sidNotAlphanumeric, "/Statement/0/Sid", "letters"},
		{Identity, statementsOf(`{"Sid": "a", `+good+`}`, `{"Sid": "a", `+good+`}`), sidNotUnique, "/Statement/1/Sid", "another"},
		{Identity, in(good + `, "Principal": "*"`), principalUnexpected, "/Statement/0/Principal", "whoever has it"},
		{Identity, in(good + `, "Condition": []`), syntaxError, "/Statement/0/Condition", "operators"},
		{Identity, in(good + `, "Condition": {"StringEqual": {"aws:x": "y"}}`), conditionUnknown + "StringEqual.", "/Statement/0/Condition/StringEqual", "no such"},
		{Identity, in(good + `, "Condition": {"NullIfExists": {"aws:x": "true"}}`), conditionUnknown + "NullIfExists.", "/Statement/0/Condition/NullIfExists", "no such"},
		{Identity, in(good + `, "Condition": {"ForAnyValue:Null": {"aws:x": "true"}}`), conditionUnknown + "ForAnyValue:Null.", "/Statement/0/Condition/ForAnyValue:Null", "no such"},
		{Identity, in(good + `, "Condition": {"ForAllValues:ForAnyValue:StringEquals": {"aws:x": "true"}}`), conditionUnknown + "ForAllValues:ForAnyValue:StringEquals.", "/Statement/0/Condition/ForAllValues:ForAnyValue:StringEquals", "no such"},
		{Identity, in(good + `, "Condition": {"StringEquals": {"x": "y"}}`), noVendor, "/Statement/0/Condition/StringEquals/x", "VENDOR:NAME"},
		{Identity, in(good + `, "Condition": {"StringEquals": {"aws:x": null}}`), syntaxError, "/Statement/0/Condition/StringEquals/aws:x", "a string, a number"},
		{Identity, in(good + `, "Condition": {"StringEquals": {"aws:x": [{}]}}`), syntaxError, "/Statement/0/Condition/StringEquals/aws:x/0", "a string, a number"},
		{Identity, in(good + `, "Condition": {"StringEquals": {"aws:RequestTag/a~": 01}}`), syntaxError, "/Statement/0/Condition/StringEquals/aws:RequestTag~1a~0", "a number"},
		{Identity, in(good + `, "Condition": {"NumericEquals": {"aws:x": "ten"}}`), syntaxError, "/Statement/0/Condition/NumericEquals/aws:x", "a number"},
		{Identity, in(good + `, "Condition": {"NumericEquals": {"aws:x": "${aws:y}"}}`), syntaxError, "/Statement/0/Condition/NumericEquals/aws:x", "a number"},
		{Identity, in(good + `, "Condition": {"DateEquals": {"aws:x": "tomorrow"}}`), syntaxError, "/Statement/0/Condition/DateEquals/aws:x", "ISO 8601"},
		{Identity, in(good + `, "Condition": {"Bool": {"aws:x": "yes"}}`), syntaxError, "/Statement/0/Condition/Bool/aws:x", "true or false"},
		{Identity, in(good + `, "Condition": {"Null": {"aws:x": "${aws:y}"}}`), syntaxError, "/Statement/0/Condition/Null/aws:x", "true or false"},
		{Identity, in(good + `, "Condition": {"BinaryEquals": {"aws:x": "%"}}`), syntaxError, "/Statement/0/Condition/BinaryEquals/aws:x", "base64"},
		{Identity, in(good + `, "Condition": {"IpAddress": {"aws:x": ["10.0.0.0/8", "10.0.0.0/33"]}}`), syntaxError, "/Statement/0/Condition/IpAddress/aws:x/1", "CIDR"},
		{Resource, in(good), principalMissing, "/Statement/0", "for whom"},
		{Resource, in(good + `, "Principal": "111111111111"`), principalInvalid + `"111111111111"`, "/Statement/0/Principal", "an object"},
		{Resource, in(good + `, "Principal": "*", "NotPrincipal": "*"`), syntaxError, "/Statement/0/NotPrincipal", "not both"},
		{Resource, in(good + `, "Principal": {}`), principalInvalid + `""`, "/Statement/0/Principal", "at least one"},
		{Resource, in(good + `, "Principal": {"AWS": []}`), principalInvalid + `""`, "/Statement/0/Principal", "at least one"},
		{Resource, in(good + `, "Principal": {"aws": "*"}`), syntaxError, "/Statement/0/Principal/aws", "of the type"},
		{Resource, in(good + `, "Principal": {"AWS": "arn:aws:iam::111111111111:user/*"}`), principalInvalid + `"AWS":"arn:aws:iam::111111111111:user/*"`, "/Statement/0/Principal/AWS", "wildcards"},
		{Resource, in(good + `, "Principal": {"AWS": ["*", "arn:aws:iam::111111111111:group/g"]}`), principalInvalid + `"AWS":"arn:aws:iam::111111111111:group/g"`, "/Statement/0/Principal/AWS/1", "account"},
		{Resource, in(good + `, "Principal": {"AWS": "arn:aws:sts::111111111111:assumed-role/r"}`), principalInvalid + `"AWS":"arn:aws:sts::111111111111:assumed-role/r"`, "/Statement/0/Principal/AWS", "session"},
		{Resource, in(good + `, "Principal": {"AWS": "12345"}`), principalInvalid + `"AWS":"12345"`, "/Statement/0/Principal/AWS", "account"},
		{Resource, in(good + `, "Principal": {"Service": "*"}`), principalInvalid + `"Service":"*"`, "/Statement/0/Principal/Service", "wildcards"},
		{Resource, in(good + `, "NotPrincipal": "*"`), syntaxError, "/Statement/0/NotPrincipal", "deny"},
		{Trust, in(`"Effect": "Allow", "Action": "sts:AssumeRole"`), principalMissing, "/Statement/0", "for whom"},
		{Trust, in(`"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": "*", "Resource": "*"`), resourceUnexpected, "/Statement/0/Resource", "its role"},
		{Trust, in(`"Effect": "Deny", "Action": "sts:AssumeRole", "NotPrincipal": "*"`), "Has prohibited field NotPrincipal", "/Statement/0/NotPrincipal", "no NotPrincipal"},
		{Trust, in(`"Effect": "Allow", "Action": "sts:GetCallerIdentity", "Principal": "*"`), notSTS, "/Statement/0/Action", "assuming"},
		{Trust, in(`"Effect": "Allow", "Action": "*", "Principal": "*"`), notSTS, "/Statement/0/Action", "assuming"},
	} {
		_, err := Parse(test.kind, test.text)
		var e *Error
		if !errors.As(err, &e) {
			t.Errorf("%.200s: %v", test.text, err)
			continue
		}
		if e.Message != test.message || (e.Pointer != test.pointer || !strings.Contains(e.Detail(), test.word)) {
			t.Errorf("%.200s:\n\t%s %s\n\twant %s at %s with %q", test.text, e.Message, e.Detail(), test.message, test.pointer, test.word)
		}
		if len(e.Error()) > 1500 {
			t.Errorf("an error of %d bytes", len(e.Error()))
		}
	}
}

func TestLinesAndColumnsCountCharacters(t *testing.T) {
	_, err := Parse(Identity, "{\n  \"Statement\": [\n    {\"Sid\": \"é\", \"Effect\": \"Perhaps\"}\n  ]\n}")
	var e *Error
	if !errors.As(err, &e) || e.Line != 3 || e.Column != 13 {
		t.Errorf("%v", err)
	}
	_, err = Parse(Identity, "{\n  \"Statement\": [\n    {\"Sid\": \"\", \"Effect\": \"é\", \"Action\": 1}]}")
	if !errors.As(err, &e) || e.Line != 3 || e.Column != 42 {
		t.Errorf("%v", err)
	}
}

func TestSizeLeavesOutWhiteSpace(t *testing.T) {
	d := mustParse(t, Identity, "{ \"Statement\":\t{\"Effect\": \"Allow\",\r\n\"Action\": \"s3:*\", \"Resource\": \"arn:aws:s3:::é\"} }")
	if d.Size() != 76 {
		t.Errorf("%d characters", d.Size())
	}
}

// What somebody sends may be made to be slow; the time here is far from what a
// quadratic step would take.
func TestHostileDocumentsAreReadInBoundedTimeAndMemory(t *testing.T) {
	fill := func(before, repeated, after string) string {
		n := (MaxText - len(before) - len(after)) / len(repeated)
		return before + strings.Repeat(repeated, n) + after
	}
	var services strings.Builder
	for i := 0; services.Len() < MaxText-1000; i++ {
		services.WriteString(`"s` + strconv.Itoa(i) + `:x",`)
	}
	statement := `{"Effect":"Deny","NotAction":"a:b","Resource":"*"},`
	long := strings.Repeat("k", MaxText/2)
	for name, text := range map[string]string{
		"many statements":      fill(`{"Statement":[`, statement, statement[:len(statement)-1]+`]}`),
		"many services":        `{"Statement":[{"Effect":"Allow","Resource":"*","Action":[` + services.String() + `"a:b"]}]}`,
		"a long key":           fill(`{"Statement":{"Effect":"Allow","Resource":"*","Action":"*","Condition":{"StringEquals":{"aws:`+long+`":[`, `"",`, `""]}}}}`),
		"many variables":       fill(`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"arn:aws:s3:::`, `${a}`, `"}}`),
		"many keys":            fill(`{"Statement":{"Effect":"Allow","Resource":"*","Action":"*","Condition":{"StringEquals":{"aws:x":"y"`, ``+`,"aws:x":"y"`, `}}}}`),
		"a string that is all": fill(`{"Version":"`, `x`, `"}`),
		"many lines":           fill(``, "\n", `{}`),
	} {
		began := time.Now()
		d, err := Parse(Identity, text)
		if err == nil {
			Simulate(&Request{Principal: ann, Action: "a:c", Resource: "*"}, &Set{Identity: []Policy{{Document: d}}})
		}
		if took := time.Since(began); took > 3*time.Second {
			t.Errorf("%s: %v", name, took)
		}
	}
}
