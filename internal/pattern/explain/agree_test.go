package explain

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/carillon-events/carillon/internal/pattern/oracle"
	"github.com/carillon-events/carillon/internal/pattern/syntax"
)

// tester is what *testing.T and *rapid.T have.
type tester interface {
	Helper()
	Fatalf(format string, args ...any)
}

// check holds an explanation to what the oracle says, and to its own promises.
func check(t tester, pattern, event string) {
	t.Helper()
	p, err := oracle.Parse(pattern)
	if err != nil {
		if _, mine := Explain(pattern, []byte(event)); mine == nil || mine.Error() != err.Error() {
			t.Fatalf("pattern %s: %v, want %v", pattern, mine, err)
		}
		return
	}
	want, err := p.Match([]byte(event))
	r, mine := Explain(pattern, []byte(event))
	if err != nil && err != oracle.ErrTooComplex {
		if mine == nil || mine.Error() != err.Error() {
			t.Fatalf("event %s: %v, want %v", event, mine, err)
		}
		return
	}
	if mine != nil || r.Matched != want || r.GivenUp != (err != nil) {
		t.Fatalf("pattern %s\nevent %s\nis %+v, %v, want %v, %v", pattern, event, r, mine, want, err)
	}
	if problem := unexplained(r); problem != "" {
		t.Fatalf("pattern %s\nevent %s\n%s: %+v", pattern, event, problem, r)
	}
	var b strings.Builder
	if err := Text(&b, r); err != nil || b.Len() == 0 || strings.ContainsAny(b.String(), "\x1b\x07\r") {
		t.Fatalf("pattern %s\nevent %s\nprints %q, %v", pattern, event, b.String(), err)
	}
}

// unexplained says what an explanation lacks or contradicts.
func unexplained(r *Result) string {
	if len(r.Branches) == 0 || r.Summary == "" {
		return "no branch or no summary"
	}
	matched := false
	for _, b := range r.Branches {
		matched = matched || b.Matched
		failed := 0
		for _, f := range b.Fields {
			if !f.Matched {
				failed++
			}
			if len(f.Tests) == 0 && f.MoreTests == 0 {
				return "a field without tests"
			}
		}
		switch {
		case b.Undecided:
		case b.Matched && (failed > 0 || b.Conflict != nil):
			return fmt.Sprintf("branch %d matches and fails", b.Number)
		case !b.Matched && failed == 0 && b.Conflict == nil:
			return fmt.Sprintf("branch %d fails for no reason", b.Number)
		}
		if b.Conflict != nil && len(b.Conflict.Fields) == 0 {
			return "a conflict of nothing"
		}
	}
	if matched != r.Matched {
		return "no branch has the verdict of the whole"
	}
	return ""
}

func TestEveryKnownCaseIsExplainedAsTheOracleDecidesIt(t *testing.T) {
	for _, file := range []string{"patterns-aws.jsonl", "patterns-ruler.jsonl"} {
		f, err := os.Open(filepath.Join("..", "testdata", file))
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		lines := bufio.NewScanner(f)
		lines.Buffer(nil, 1<<20)
		seen := 0
		for lines.Scan() {
			var k struct {
				Pattern string
				Rules   map[string]string
				Event   *string
			}
			if err := json.Unmarshal(lines.Bytes(), &k); err != nil {
				t.Fatal(err)
			}
			if k.Event == nil {
				event := `{}`
				k.Event = &event
			}
			if k.Rules == nil {
				k.Rules = map[string]string{"": k.Pattern}
			}
			for _, pattern := range k.Rules {
				check(t, pattern, *k.Event)
				seen++
			}
		}
		if seen == 0 || lines.Err() != nil {
			t.Fatalf("%s: %d cases, %v", file, seen, lines.Err())
		}
	}
}

var tests = []string{
	`"a"`, `"b"`, `"A"`, `"5"`, `5`, `1`, `5e0`, `true`, `null`, `""`, `"10.0.0.1"`, `9007199254740993`,
	`{"exists": true}`, `{"exists": false}`, `{"exists": false}`, `{"prefix": "a"}`, `{"suffix": "b"}`,
	`{"prefix": {"equals-ignore-case": "A"}}`, `{"suffix": {"equals-ignore-case": "B"}}`, `{"equals-ignore-case": "AB"}`,
	`{"wildcard": "a*b"}`, `{"wildcard": "\\**"}`, `{"cidr": "10.1.2.3/8"}`, `{"cidr": "::1/64"}`, `{"exactly": "10.0.0.1"}`,
	`{"numeric": [">", 1]}`, `{"numeric": ["<=", 1]}`, `{"numeric": [">=", -1.5, "<", 1e20]}`, `{"numeric": ["=", 5.0]}`,
	`{"anything-but": "a"}`, `{"anything-but": [1, 5]}`, `{"anything-but": ["a", "b"]}`, `{"anything-but": {"prefix": ["a"]}}`,
	`{"anything-but": {"suffix": "b"}}`, `{"anything-but": {"wildcard": ["a*", "*b"]}}`, `{"anything-but": {"equals-ignore-case": ["a", "c"]}}`,
}

var scalars = []string{
	`"a"`, `"ab"`, `"B"`, `"5"`, `5`, `1`, `1.0`, `true`, `null`, `""`, `"10.0.0.1"`, `"::1"`, `9007199254740993`, `"\u001b[31m"`, `[]`, `{}`,
}

func drawKey(t *rapid.T) string {
	return `"` + rapid.SampledFrom([]string{"a", "b", "c", "a", "b", "c", "a.b", "A", "", "b."}).Draw(t, "key") + `": `
}

func drawPattern(t *rapid.T, depth int) string {
	var members []string
	for range rapid.IntRange(1, 3).Draw(t, "fields") {
		switch what := rapid.IntRange(0, 9).Draw(t, "what"); {
		case depth > 0 && what < 2:
			members = append(members, `"$or": [`+drawPattern(t, depth-1)+`, `+drawPattern(t, depth-1)+`]`)
		case depth > 0 && what < 6:
			members = append(members, drawKey(t)+drawPattern(t, depth-1))
		default:
			members = append(members, drawKey(t)+"["+strings.Join(rapid.SliceOfN(rapid.SampledFrom(tests), 1, 3).Draw(t, "tests"), ", ")+"]")
		}
	}
	return "{" + strings.Join(members, ", ") + "}"
}

func drawValue(t *rapid.T, depth int) string {
	what := rapid.IntRange(0, 4).Draw(t, "what")
	if depth == 0 || what == 0 {
		return rapid.SampledFrom(scalars).Draw(t, "scalar")
	}
	if what < 3 {
		return drawObject(t, depth-1)
	}
	var elements []string
	for range rapid.IntRange(1, 3).Draw(t, "elements") {
		elements = append(elements, drawValue(t, depth-1))
	}
	return "[" + strings.Join(elements, ", ") + "]"
}

func drawObject(t *rapid.T, depth int) string {
	var members []string
	for range rapid.IntRange(0, 4).Draw(t, "members") {
		members = append(members, drawKey(t)+drawValue(t, depth))
	}
	return "{" + strings.Join(members, ", ") + "}"
}

func TestAnExplanationAgreesWithTheOracle(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) { check(t, drawPattern(t, 2), drawObject(t, 3)) })
}

func TestFieldsThatShareArraysAgreeWithTheOracle(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		tests := rapid.SampledFrom([]string{`1`, `2`, `{"exists": false}`, `{"exists": true}`, `1, {"exists": false}`})
		var fields []string
		for _, name := range []string{"x", "y", "z", "w.x", "w.y"} {
			if rapid.Bool().Draw(t, name) {
				fields = append(fields, fmt.Sprintf(`"a.%s": [%s]`, name, tests.Draw(t, "tests")))
			}
		}
		fields = append(fields, `"a.v": [1]`)
		element := rapid.Custom(func(t *rapid.T) string {
			var members []string
			for _, name := range []string{"v", "x", "y", "z"} {
				if rapid.IntRange(0, 2).Draw(t, name) > 0 {
					members = append(members, fmt.Sprintf(`"%s": %d`, name, rapid.IntRange(1, 2).Draw(t, "value")))
				}
			}
			inner := rapid.SampledFrom([]string{`{"x": 1}, {"y": 1}`, `{"x": 1, "y": 2}`, ``, `{"x": 2, "y": 1}, {"x": 1, "y": 1}`}).Draw(t, "w")
			return "{" + strings.Join(append(members, `"w": [`+inner+`]`), ", ") + "}"
		})
		check(t, "{"+strings.Join(fields, ", ")+"}", `{"a": [`+strings.Join(rapid.SliceOfN(element, 1, 4).Draw(t, "a"), ", ")+`]}`)
	})
}

func TestARenderedTestIsTheSameTest(t *testing.T) {
	for _, text := range append(tests, `{"anything-but": {"prefix": ["a\u0001", "😀"]}}`, `{"wildcard": "*\\\\*"}`, `{"cidr": "fe80::/10"}`, `{"cidr": "1.2.3.4/0"}`) {
		parse := func(text string) syntax.Test {
			p, err := syntax.Parse(`{"v": [` + text + `]}`)
			if err != nil {
				t.Fatalf("%s: %v", text, err)
			}
			return p.Branches[0][0].Tests[0]
		}
		test := parse(text)
		back := Render(&test)
		again := parse(back)
		test.Number.Text, again.Number.Text = "", ""
		if !reflect.DeepEqual(test, again) {
			t.Errorf("%s is written as %s, which is another", text, back)
		}
	}
}

// FuzzExplain holds that nothing makes Explain panic or disagree with the oracle.
func FuzzExplain(f *testing.F) {
	f.Add(`{"a": [{"anything-but": {"wildcard": ["a*b", "c\\*"]}}, "10.0.0.1"]}`, `{"a": ["ab", {"b": 1e400}]}`)
	f.Add(`{"$or": [{"a": [1]}, {"b": [{"exists": false}]}], "c": [{"numeric": [">", 0, "<=", 5e-3]}]}`, `{"a": [[1], {"": null}]}`)
	f.Add(`{"a": [{"prefix": {"equals-ignore-case": "ß"}}, {"suffix": {"equals-ignore-case": "İ"}}]}`, `{"a": "SSx\ud800"}`)
	f.Add(`{"a": {"x": [1], "y": [{"exists": false}], "z": [3]}}`, `{"a": [{"x": 1}, {"x": 2, "y": 3}, {"z": 3}]}`)
	f.Fuzz(func(t *testing.T, pattern, event string) { check(t, pattern, event) })
}
