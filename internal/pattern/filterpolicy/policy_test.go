package filterpolicy

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/carillon-events/carillon/internal/pattern/oracle"
)

// values is an array of n strings.
func values(n int) string {
	return strings.TrimSuffix(strings.Repeat(`"v",`, n), ",")
}

// wildcardList is an array of n tests with the same wildcard pattern.
func wildcardList(n int, glob string) string {
	return strings.TrimSuffix(strings.Repeat(`{"wildcard": "`+glob+`"},`, n), ",")
}

func TestPoliciesWithinTheLimitsAreAccepted(t *testing.T) {
	for name, c := range map[string]struct {
		scope Scope
		text  string
	}{
		"five keys":                      {MessageAttributes, `{"a": [1], "b": [1], "c": [1], "d": [1], "e": [1]}`},
		"five keys, in two branches":     {MessageAttributes, `{"a": [1], "b": [1], "$or": [{"c": [1], "e": [2]}, {"d": [1], "e": [1]}]}`},
		"five leaf keys under more":      {MessageBody, `{"x": {"a": [1], "b": [1], "y": {"c": [1], "d": [1], "z": {"e": [1]}}}}`},
		"150 values":                     {MessageAttributes, `{"a": [` + values(150) + `]}`},
		"10 times 15 values":             {MessageAttributes, `{"a": [` + values(10) + `], "b": [` + values(15) + `]}`},
		"37 values at level four":        {MessageBody, `{"w": {"x": {"y": {"a": [` + values(37) + `]}}}}`},
		"a list of anything-but is one":  {MessageAttributes, `{"a": [{"anything-but": [` + values(500) + `]}]}`},
		"the largest numbers":            {MessageAttributes, `{"a": [1e9, -1000000000, {"numeric": [">", -1e9, "<", 1e9]}, {"anything-but": [1e9]}]}`},
		"more than five digits":          {MessageAttributes, `{"a": [0.123456789]}`},
		"three wildcards":                {MessageAttributes, `{"a": [{"wildcard": "*a*b*"}]}`},
		"ten patterns of one":            {MessageAttributes, `{"a": [` + wildcardList(10, "*x") + `]}`},
		"four patterns of two":           {MessageAttributes, `{"a": [` + wildcardList(4, "*/S/*") + `]}`},
		"anything-but without wildcards": {MessageAttributes, `{"a": [` + strings.Repeat(`{"anything-but": "x"},`, 49) + `"y"]}`},
		"a $or that is a name":           {MessageBody, `{"$or": ["a", "b"]}`},
		"an escaped star":                {MessageAttributes, `{"a": [{"wildcard": "\\*\\*\\*\\*\\*"}]}`},
		"space around":                   {MessageAttributes, " \n{\"a\": [1]}\t"},
	} {
		if _, err := Parse(c.text, c.scope); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestPoliciesBeyondTheLimitsAreRefused(t *testing.T) {
	const tooComplex = "Filter policy is too complex"
	for _, c := range []struct {
		scope      Scope
		text, want string
	}{
		{MessageAttributes, `{"a": [1], "b": [1], "c": [1], "d": [1], "e": [1], "f": [1]}`, "Filter policy can not have more than 5 keys"},
		{MessageAttributes, `{"a": [1], "b": [1], "$or": [{"c": [1], "e": [2]}, {"d": [1], "f": [1]}]}`, "Filter policy can not have more than 5 keys"},
		{MessageBody, `{"x": {"a": [1], "b": [1], "c": [1], "d": [1], "e": [1], "f": [1]}}`, "Filter policy can not have more than 5 keys"},
		{MessageAttributes, `{"a": [` + values(151) + `]}`, tooComplex},
		{MessageAttributes, `{"a": [` + values(10) + `], "b": [` + values(16) + `]}`, tooComplex},
		// AWS was seen to take 36 such prefixes, and to refuse 40.
		{MessageBody, `{"w": {"x": {"y": {"a": [` + values(38) + `]}}}}`, tooComplex},
		{MessageAttributes, `{"$or": [{"a": [` + values(100) + `]}, {"b": [` + values(51) + `]}]}`, tooComplex},
		{MessageAttributes, `{"a": [1000000000.1]}`, "Value must be between -1000000000 and 1000000000\n"},
		{MessageAttributes, `{"a": [-1e400]}`, "Value must be between "},
		{MessageAttributes, `{"a": [{"numeric": ["<", -2e9]}]}`, "Value must be between "},
		{MessageAttributes, `{"a": [{"numeric": [">", 0, "<", 2e9]}]}`, "Value must be between "},
		{MessageAttributes, `{"a": [{"anything-but": [1, 2e9]}]}`, "Value must be between "},
		{MessageAttributes, `{"a": [{"wildcard": "*a*b*c*"}]}`, "A pattern can not have more than 3 wildcards\n"},
		{MessageAttributes, `{"a": [{"anything-but": {"wildcard": ["a", "*a*b*c*"]}}]}`, "A pattern can not have more than 3 wildcards\n"},
		{MessageAttributes, `{"a": [` + wildcardList(11, "*x") + `]}`, tooComplex + ": its wildcards count 121 points, more than 100"},
		// AWS was seen to take four such patterns, and to refuse five.
		{MessageAttributes, `{"a": [` + wildcardList(5, "*/S/*") + `]}`, tooComplex + ": its wildcards count 150 points, more than 100"},
		{MessageAttributes, `{"a": [` + wildcardList(10, "*x") + `], "b": [{"wildcard": "*"}]}`, tooComplex + ": its wildcards count 101 points, more than 100"},
		{MessageAttributes, `{"a": {"b": ["c"]}}`, "Filter policy scope MessageAttributes does not support nested filter policy\n"},
		{MessageAttributes, `{"$or": {"b": ["c"]}}`, "Filter policy scope MessageAttributes does not support nested filter policy\n"},
		{MessageAttributes, "{\"a\": [\"\xff\"]}", "Filter policy is not valid UTF-8"},
		{MessageAttributes, `{"a": ["` + strings.Repeat("x", 256<<10) + `"]}`, "Filter policy is larger than 262144 bytes"},
	} {
		_, err := Parse(c.text, c.scope)
		var refused *Error
		if !errors.As(err, &refused) || !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("%.100s: refused with %v, want %s", c.text, err, c.want)
		}
	}
}

// The reasons are event-ruler's, and so is the place.
func TestPoliciesAreRefusedInTheWordsOfPatterns(t *testing.T) {
	for text, want := range map[string]string{
		// Seen at AWS, in https://github.com/aws/aws-cdk/issues/16549, but with
		// another column.
		`{"Amount":[]}`: "Empty arrays are not allowed\n at [Source: (String)\"{\"Amount\":[]}\"; line: 1, column: 13]",

		``:                                    "Filter is not an object",
		`[]`:                                  "Filter is not an object",
		`{"a": "b"}`:                          `"a" must be an object or an array`,
		`{"a": [["b"]]}`:                      "Match value must be String, number, true, false, or null",
		`{"a": [{"begins": "b"}]}`:            "Unrecognized match type begins",
		`{"a": [{"exists": 1}]}`:              "exists match pattern must be either true or false.",
		`{"a": [{"numeric": ["<", "1"]}]}`:    "Value of < must be numeric",
		`{"a": [{"numeric": [">", 2, "<"]}]}`: "Value of < must be numeric",
		`{"a": [{"prefix": 1}]}`:              "prefix match pattern must be a string",
		`{"a": [b]}`:                          "Unrecognized token 'b'",
		`{"a": ["b"]`:                         "Unexpected end-of-input",
		`{"$or": [{}, {}]}`:                   "Empty objects are not allowed",
		// The documentation has this as a policy whose $or is a mere name; such a
		// field is refused all the same.
		`{"$or": [{"numeric": 123}, {"prefix": "abc"}]}`: "Value of numeric must be an array.",
	} {
		if _, err := Parse(text, MessageAttributes); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s: refused with %v, want %s", text, err, want)
		}
	}
}

// The examples of https://docs.aws.amazon.com/sns/latest/dg/and-or-logic.html
// and subscription-filter-policy-constraints.html, and what they add up to.
func TestCombinationsAreCountedAsInTheDocumentation(t *testing.T) {
	for text, want := range map[string]int{
		`{"a": [1, 2, 3], "b": [1], "c": [1, 2]}`:                                                   6,
		`{"a": {"b": {"c": [1, 2, 3, 4]}}, "d": {"e": [1, 2, 3]}}`:                                  72,
		`{"a": [1], "$or": [{"b": [1, 2]}, {"c": [1], "$or": [{"d": [1, 2]}, {"e": [1, 2, 3]}]}]}`:  7,
		`{"$or": [{"a": [1, 2]}, {"b": [1, 2]}], "x": {"c": [1], "$or": [{"d": [1]}, {"e": [1]}]}}`: 32,
		`{"a.b.c": [1, 2]}`: 2, // a key with dots is one key
	} {
		exact, less := AWS, AWS
		exact.Combinations, less.Combinations = want, want-1
		if _, err := exact.Parse(text, MessageBody); err != nil {
			t.Errorf("%s has more than %d combinations", text, want)
		}
		if _, err := less.Parse(text, MessageBody); err == nil {
			t.Errorf("%s has less than %d combinations", text, want)
		}
	}
}

func TestTheEmptyPolicyIsNone(t *testing.T) {
	for _, text := range []string{"{}", " { \n} "} {
		if p, err := Parse(text, MessageAttributes); p != nil || err != nil {
			t.Errorf("%q is %v, %v", text, p, err)
		}
	}
	for _, text := range []string{"", "{", "}", "{}}x", "{{}}"} {
		if _, err := Parse(text, MessageAttributes); err == nil {
			t.Errorf("%q is accepted", text)
		}
	}
}

func TestManyNestedOrsAreReadInBoundedTime(t *testing.T) {
	deep := strings.Repeat(`{"$or":[{"a":[1]},`, 400) + `{"b":[1]}` + strings.Repeat(`]}`, 400)
	if _, err := Parse(deep, MessageAttributes); err == nil {
		t.Error("400 branches are accepted")
	}
	wide := `{"a":[1]` + strings.Repeat(`,"$or":[{"b":[1]},{"b":[2]}]`, 5000) + `}`
	if _, err := Parse(wide, MessageAttributes); err == nil {
		t.Error("2^5000 branches are accepted")
	}
}

func FuzzAnAcceptedPolicyMatchesWithoutPanic(f *testing.F) {
	for _, text := range []string{
		`{"a": ["x", 1, null, {"exists": false}]}`,
		`{"$or": [{"a": [{"prefix": "x"}]}, {"b": [{"numeric": [">", 0, "<", 5]}]}], "c": {"d": [{"cidr": "10.0.0.0/8"}]}}`,
		`{"$or": [{"prefix": "x"}, {"anything-but": {"wildcard": ["a*b"]}}]}`,
		`{}`,
	} {
		f.Add(text, true)
		f.Add(text, false)
	}
	f.Fuzz(func(t *testing.T, text string, body bool) {
		scope := MessageAttributes
		if body {
			scope = MessageBody
		}
		p, err := Parse(text, scope)
		var refused *Error
		if err != nil && (!errors.As(err, &refused) || err.Error() == "") || p == nil {
			return
		}
		keys := map[string]bool{}
		for _, b := range p.Branches {
			for _, field := range b {
				keys[field.Name] = true
			}
		}
		if len(keys) == 0 || len(keys) > AWS.Keys || len(p.Branches) > AWS.Combinations {
			t.Fatalf("%d branches of %d keys", len(p.Branches), len(keys))
		}
		// Each accepted policy is matched to an event with all of its keys.
		var event []string
		for key := range keys {
			event = append(event, string(appendLiteral(nil, key))+`: ["x", "10.0.0.1", 1, null]`)
		}
		if _, err := oracle.New(p).Match(fmt.Appendf(nil, `{%s}`, strings.Join(event, ","))); err != nil {
			t.Fatal(err)
		}
	})
}
