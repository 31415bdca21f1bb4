package lint

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/carillon-events/carillon/internal/pattern/oracle"
	"github.com/carillon-events/carillon/internal/pattern/syntax"
)

var tests = []string{
	`"a"`, `"ab"`, `"b"`, `"5"`, `5`, `5.0`, `1`, `true`, `null`, `""`, `"10.0.0.1"`, `"::ffff:a00:1"`, `9007199254740993`,
	`{"exists": true}`, `{"exists": false}`, `{"prefix": ""}`, `{"prefix": "a"}`, `{"prefix": "ab"}`, `{"suffix": "b"}`, `{"suffix": "ab"}`,
	`{"prefix": {"equals-ignore-case": "A"}}`, `{"suffix": {"equals-ignore-case": ""}}`, `{"equals-ignore-case": "AB"}`, `{"exactly": "10.0.0.1"}`,
	`{"wildcard": "a*b"}`, `{"wildcard": "*"}`, `{"wildcard": "a*"}`, `{"wildcard": "*b"}`, `{"wildcard": "ab"}`, `{"wildcard": "*a*"}`,
	`{"cidr": "10.0.0.0/8"}`, `{"cidr": "10.0.0.0/31"}`, `{"cidr": "::/0"}`, `{"cidr": "0.0.0.0/0"}`,
	`{"numeric": [">", 1]}`, `{"numeric": [">=", 1]}`, `{"numeric": ["<", 5]}`, `{"numeric": ["<=", 5]}`, `{"numeric": [">", 1, "<", 5]}`,
	`{"numeric": [">", 1, "<", 1.0000000000000002]}`, `{"numeric": [">", 1.7976931348623157e308]}`, `{"numeric": ["<=", -1.7976931348623157e308]}`,
	`{"anything-but": "a"}`, `{"anything-but": ["a", "b"]}`, `{"anything-but": ["b", "ab"]}`, `{"anything-but": 5}`, `{"anything-but": [1, 5]}`,
	`{"anything-but": {"prefix": "a"}}`, `{"anything-but": {"prefix": ["ab", "b"]}}`, `{"anything-but": {"suffix": ["b"]}}`, `{"anything-but": {"suffix": "ab"}}`,
	`{"anything-but": {"wildcard": "a*"}}`, `{"anything-but": {"wildcard": ["a*b", "b"]}}`, `{"anything-but": {"equals-ignore-case": ["a"]}}`,
	`{"anything-but": {"equals-ignore-case": ["a", "ab"]}}`,
}

var values = []string{
	`"a"`, `"A"`, `"ab"`, `"aB"`, `"b"`, `"ba"`, `"abb"`, `"bab"`, `""`, `"5"`, `"c"`, `5`, `5.0`, `1`, `1.0`, `0`, `3`, `7`, `-1.7976931348623157e308`,
	`1.7976931348623157e308`, `1.0000000000000002`, `9007199254740993`, `9007199254740993.0`, `1e400`, `true`, `false`, `null`,
	`"10.0.0.1"`, `"010.0.0.1"`, `"10.9.9.9"`, `"1.2.3.4"`, `"::1"`, `"::ffff:a00:1"`,
}

func parsed(t interface{ Fatal(...any) }, text string) *syntax.Test {
	p, err := syntax.Parse(`{"v": [` + text + `]}`)
	if err != nil {
		t.Fatal(text, err)
	}
	return &p.Branches[0][0].Tests[0]
}

func TestATestThatCoversAnotherAcceptsAllThatItAccepts(t *testing.T) {
	covered, always := 0, 0
	for _, textA := range tests {
		for _, textB := range tests {
			a, b := parsed(t, textA), parsed(t, textB)
			covers, all := covers(a, b), everything(a, b)
			for _, v := range values {
				if covers && accepts(b, v) && !accepts(a, v) {
					t.Errorf("%s does not cover %s: there is %s", textA, textB, v)
				}
				if all && !accepts(a, v) && !accepts(b, v) {
					t.Errorf("%s and %s are not everything: there is %s", textA, textB, v)
				}
			}
			if covers {
				covered++
			}
			if all {
				always++
			}
		}
	}
	if covered < 300 || always < 50 {
		t.Errorf("only %d pairs cover, %d are everything", covered, always)
	}
}

func drawKey(t *rapid.T) string {
	return `"` + rapid.SampledFrom([]string{"a", "b", "c", "a.b", "detail"}).Draw(t, "key") + `": `
}

func drawTests(t *rapid.T) string {
	pool := tests
	if rapid.Bool().Draw(t, "empty") {
		pool = []string{`{"numeric": [">", 1.7976931348623157e308]}`, `{"numeric": [">", 1, "<", 1.0000000000000002]}`, `{"numeric": [">", 2]}`, `1`}
	}
	return "[" + strings.Join(rapid.SliceOfN(rapid.SampledFrom(pool), 1, 3).Draw(t, "tests"), ", ") + "]"
}

func drawPattern(t *rapid.T, depth int) string {
	var members []string
	for range rapid.IntRange(1, 3).Draw(t, "fields") {
		switch what := rapid.IntRange(0, 9).Draw(t, "what"); {
		case depth > 0 && what < 3:
			var all []string
			for range rapid.IntRange(2, 3).Draw(t, "alternatives") {
				all = append(all, drawPattern(t, depth-1))
			}
			members = append(members, `"$or": [`+strings.Join(all, ", ")+`]`)
		case depth > 0 && what < 5:
			members = append(members, drawKey(t)+drawPattern(t, depth-1))
		default:
			members = append(members, drawKey(t)+drawTests(t))
		}
	}
	return "{" + strings.Join(members, ", ") + "}"
}

func drawValue(t *rapid.T, depth int) string {
	what := rapid.IntRange(0, 4).Draw(t, "what")
	if depth == 0 || what < 2 {
		return rapid.SampledFrom(append(values, `[]`, `{}`)).Draw(t, "scalar")
	}
	if what < 4 {
		return drawEvent(t, depth-1)
	}
	var elements []string
	for range rapid.IntRange(1, 3).Draw(t, "elements") {
		elements = append(elements, drawValue(t, depth-1))
	}
	return "[" + strings.Join(elements, ", ") + "]"
}

func drawEvent(t *rapid.T, depth int) string {
	var members []string
	for range rapid.IntRange(0, 4).Draw(t, "members") {
		members = append(members, drawKey(t)+drawValue(t, depth))
	}
	return "{" + strings.Join(members, ", ") + "}"
}

func matches(t *rapid.T, p *syntax.Pattern, event string) bool {
	ok, err := oracle.New(p).Match([]byte(event))
	if err != nil {
		t.Fatal(event, err)
	}
	return ok
}

func TestAPatternThatNeverMatchesNeverMatches(t *testing.T) {
	never := 0
	rapid.Check(t, func(t *rapid.T) {
		pattern := drawPattern(t, 2)
		p, err := syntax.Parse(pattern)
		if err != nil {
			return
		}
		if !slices.ContainsFunc(Lint(pattern), func(w Warning) bool { return w.Level == Never }) {
			return
		}
		never++
		for range 5 {
			if event := drawEvent(t, 3); matches(t, p, event) {
				t.Fatalf("%s matches %s", pattern, event)
			}
		}
	})
	if never == 0 {
		t.Error("no pattern was found to match never")
	}
}

func TestAnAlternativeWithoutEffectCanBeLeftOut(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		pattern := `{"$or": [` + drawPattern(t, 1) + `, ` + drawPattern(t, 1) + `], "d": {"$or": [` + drawPattern(t, 0) + `, ` + drawPattern(t, 0) + `]}}`
		p, err := syntax.Parse(pattern)
		if err != nil {
			return
		}
		l, _ := read(pattern)
		gone := l.alternatives()
		if len(gone) == 0 {
			return
		}
		less := &syntax.Pattern{}
		for i, b := range l.pattern.branches {
			if !slices.ContainsFunc(b.through, func(a *alternative) bool { return gone[a] }) {
				less.Branches = append(less.Branches, p.Branches[i])
			}
		}
		for range 5 {
			if event := drawEvent(t, 3); matches(t, p, event) != matches(t, less, event) {
				t.Fatalf("%s without %v answers %s otherwise", pattern, gone, event)
			}
		}
	})
}

// agrees holds the tree to the branches that syntax reads.
func agrees(t interface{ Fatalf(string, ...any) }, pattern string) {
	p, err := syntax.Parse(pattern)
	if err != nil {
		return
	}
	tree, err := readTree(pattern)
	if err != nil || len(tree.branches) != len(p.Branches) {
		t.Fatalf("%s: read as %+v, %v", pattern, tree, err)
	}
	for i, b := range p.Branches {
		mine := tree.branches[i].fields
		if len(mine) != len(b) {
			t.Fatalf("%s: branch %d has %d fields, want %d", pattern, i, len(mine), len(b))
		}
		for _, f := range b {
			g := mine[f.Name]
			if g == nil || len(g.tests) != len(f.Tests) {
				t.Fatalf("%s: branch %d has %+v for %q", pattern, i, g, f.Name)
			}
			for j := range f.Tests {
				if !same(&g.tests[j].Test, &f.Tests[j]) {
					t.Fatalf("%s: test %d of %q is %s", pattern, j, f.Name, g.tests[j].raw)
				}
			}
		}
	}
}

func TestATreeHasTheBranchesThatSyntaxReads(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) { agrees(t, drawPattern(t, 3)) })
}

// FuzzLint holds that no pattern makes Lint panic, or read it as another.
func FuzzLint(f *testing.F) {
	f.Add(`{"a": [{"anything-but": {"wildcard": ["a*b", "c\\*"]}}, "10.0.0.1"], "a": {"b": [1]}}`)
	f.Add(`{"$or": [{"a": [1, 1]}, {"b": [{"exists": false}]}], "c": [{"numeric": [">", 0, "<=", 5e-3]}], "a": [2]} x`)
	f.Add(`{"": {"": [null, "\ud800"]}, "account": [5], "x": [{"cidr": "1.2.3.4/5"}, {"prefix": {"equals-ignore-case": "ß*"}}]}`)
	f.Fuzz(func(t *testing.T, pattern string) {
		if got, err := LintAgainst(pattern, []byte(`{"a": {"B": 1}, "c": "x", "$or": []}`)); err != nil || len(got) > maxWarnings+1 {
			t.Fatalf("%d warnings, %v", len(got), err)
		}
		agrees(t, pattern)
	})
}
