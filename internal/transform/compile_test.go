package transform

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

func TestTargetsAreRefusedInAWSWords(t *testing.T) {
	many := map[string]string{}
	for i := range maxPaths + 1 {
		many[fmt.Sprint("v", i)] = "$.detail"
	}
	withPaths := func(paths map[string]string) Spec {
		return Spec{Target: "T", Transformer: &Transformer{Paths: paths, Template: `"x"`}}
	}
	input := func(s string) Spec { return Spec{Target: "T", Input: &s} }
	path := func(s string) Spec { return Spec{Target: "T", InputPath: &s} }
	for _, c := range []struct {
		name string
		spec Spec
		want string
	}{
		// The first two places are as AWS was seen to report them.
		{"a bare word as input", input(`env:dev`), `JSON syntax error in input for target T: [Source: (String)"env:dev"; line: 1, column: 4]`},
		{"input in single quotes", input(`{'db_name':1}`), `JSON syntax error in input for target T: [Source: (String)"{'db_name':1}"; line: 1, column: 3]`},
		{"empty input", input(``), `JSON syntax error in input for target T: [Source: (String)""; line: 1, column: 1]`},
		{"input with a placeholder as a value", input(`{"a":<id>}`), `JSON syntax error in input for target T: [Source: (String)"{"a":<id>}"; line: 1, column: 7]`},
		{"long input", input(`"` + strings.Repeat("x", 8192) + `"`), `Input for target T is longer than 8192 characters.`},
		{"two of the three", Spec{Target: "T", Input: ptr(`1`), InputPath: ptr("$")}, `Only one of Input, InputPath, or InputTransformer must be provided for target T.`},
		{"a path without $", path("detail"), `InputPath for target T is invalid: it does not begin with $.`},
		{"an empty path", path(""), `InputPath for target T is invalid: it does not begin with $.`},
		{"a long path", path("$." + strings.Repeat("a", 255)), `InputPath for target T is invalid: it is longer than 256 characters.`},
		{"a name right after $", path("$detail"), `InputPath for target T is invalid: "detail" follows where . or [ should.`},
		{"recursive descent", path("$..id"), `InputPath for target T is invalid: .. is not supported.`},
		{"a dot at the end", path("$.detail."), `InputPath for target T is invalid: a name is missing after a dot.`},
		{"a filter", path("$.detail[?(@.x)]"), `InputPath for target T is invalid: [?(@.x)] is neither an index, nor [*], nor a name in quotes.`},
		{"a negative index", path("$.a[-1]"), `InputPath for target T is invalid: [-1] is neither an index, nor [*], nor a name in quotes.`},
		{"a slice", path("$.a[0:2]"), `InputPath for target T is invalid: [0:2] is neither an index, nor [*], nor a name in quotes.`},
		{"an open bracket", path("$.a[0"), `InputPath for target T is invalid: a bracket is not closed.`},
		{"an open bracket after a name", path("$['a'"), `InputPath for target T is invalid: a bracket is not closed.`},
		{"an open quote", path("$['a"), `InputPath for target T is invalid: a quote is not closed.`},
		{"a function", path("$.a.length()"), `InputPath for target T is invalid: '(' cannot be part of a name after a dot.`},
		{"a star in a name", path("$.a*"), `InputPath for target T is invalid: '*' cannot be part of a name after a dot.`},
		{"too many paths", withPaths(many), `InputPathsMap for target T has more than 100 paths.`},
		{"a reserved name", withPaths(map[string]string{"aws.x": "$"}), `InputPathsMap for target T contains invalid key aws.x: the prefix AWS. is reserved.`},
		{"a name with a dot", withPaths(map[string]string{"a.b": "$"}), `InputPathsMap for target T contains invalid key a.b: only letters, digits, _ and - are allowed.`},
		{"a path of a variable", withPaths(map[string]string{"a": "b"}), `InputPathsMap for target T contains invalid path b for key a: it does not begin with $.`},
		{"an empty template", template(``), `InputTemplate for target T must have 1 to 8192 characters.`},
		{"a long template", template(`"` + strings.Repeat("x", 8191) + `"`), `InputTemplate for target T must have 1 to 8192 characters.`},
		{"a template of spaces", template("\n "), "Invalid InputTemplate for target T : [Source: (String)\"\n \"; line: 2, column: 2]."},
		{"an unknown variable", template(`"<nobody>"`), `InputTemplate for target T contains invalid placeholder nobody.`},
		{"an unknown variable as a value", template(`{"a":<aws.events.nothing>}`), `InputTemplate for target T contains invalid placeholder aws.events.nothing.`},
		{"text without quotes", template(`parcel <id>`), `Invalid InputTemplate for target T : [Source: (String)"parcel <id>"; line: 1, column: 7].`},
		{"a variable as a key", template(`{<id>:1}`), `Invalid InputTemplate for target T : a placeholder cannot be used as an object key.`},
		{"a variable in a key", template(`{"x<id>":1}`), `Invalid InputTemplate for target T : a placeholder cannot be used as an object key.`},
		{"a line break in a string", template("\"a\nb\""), "Invalid InputTemplate for target T : [Source: (String)\"\"a\nb\"\"; line: 2, column: 1]."},
		{"an escaped angle bracket", template(`"\<id>"`), `Invalid InputTemplate for target T : [Source: (String)""\<id>""; line: 1, column: 4].`},
		{"a comma too many", template(`{"a":1,}`), `Invalid InputTemplate for target T : [Source: (String)"{"a":1,}"; line: 1, column: 9].`},
		{"an object that does not end", template(`{"a":<id>`), `Invalid InputTemplate for target T : [Source: (String)"{"a":<id>"; line: 1, column: 10].`},
		{"values without space between them", template(`<id><state>`), `Invalid InputTemplate for target T : [Source: (String)"<id><state>"; line: 1, column: 6].`},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := Compile(c.spec)
			var refused *Error
			if !errors.As(err, &refused) || refused.Error() != c.want {
				t.Errorf("\ngot  %v\nwant %s", err, c.want)
			}
		})
	}
}

func TestLongTemplatesAreNotRepeatedInErrors(t *testing.T) {
	_, err := Compile(template(`{"a":"` + strings.Repeat("é", 1000) + `"`))
	if err == nil || len(err.Error()) > 650 || !strings.Contains(err.Error(), `é"[truncated 754 chars]; line: 1, column: 1008]`) {
		t.Errorf("%d: %v", len(err.Error()), err)
	}
}

func TestTextThatIsNoJSONIsNoTemplate(t *testing.T) {
	for _, text := range []string{
		`{`, `}`, `[1 2]`, `[1,]`, `{"a"}`, `{"a" 1}`, `{1:2}`, `{a:1}`, `"`, `"\`, `"\u12"`, `"\ug000"`, `"\x"`, `01`, `1.`, `.5`, `1e`, `-`, `+1`,
		`tru`, `nul`, `falsey`, `"a""b"`, `{}[]`, `<`, `<id`, `< id>`, `<>`, `1<id>`, `["a"<id>]`, `[<id>5]`, `{"a":1 "b":2}`, `/* x */ 1`, "\"\xff\"",
		strings.Repeat("[", maxDepth+1) + strings.Repeat("]", maxDepth+1),
	} {
		if _, err := Compile(template(text)); err == nil {
			t.Errorf("%.40q is accepted", text)
		}
	}
}
