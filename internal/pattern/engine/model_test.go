package engine

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"github.com/carillon-events/carillon/internal/pattern/oracle"
	"github.com/carillon-events/carillon/internal/pattern/syntax"
)

// Small alphabets, so that random rules and events meet.
var (
	someKeys  = []string{"a", "b", "source", "detail-type", "detail", "a.b", "b.a", "", "a.", ".b", "abcdefgh", "abcdefghi", "abcdefghij", "é", "x\\u0061", "x\\\\u0061", "xa", "d\\\"q"}
	someTexts = []string{"", "a", "ab", "abc", "abcd", "abcdabcd", "ABCD", "aBc", "xyzabc", "foo.bar", "fooBAR", "STRASSE", "Straße", "straße", "kK", "\u212a", "İ", "😀x",
		"10.0.0.1", "010.0.0.1", "::1", "::ffff:a00:1", "2001:db8::1", "a\\nb", "\\u0041b", "\\ud83d\\ude00x", "q\\\"q", "*", "a*b", "0123456789012345678901234567890123456789"}
	someNumbers = []string{"0", "-0", "1", "1.0", "10e-1", "5", "-5", "5.5", "100", "1e2", "300", "9007199254740993", "9007199254740993.0", "1e400", "10e399", "123456789012345", "1234567890123456", "0.1", "0.10", "4.9E-324", "300.0000000000000000001"}
)

func oneOf(t *rapid.T, from []string) string { return rapid.SampledFrom(from).Draw(t, "") }

func number(t *rapid.T, most int) int { return rapid.IntRange(0, most).Draw(t, "") }

func quoted(s string) string { return `"` + s + `"` }

// randomValue is any JSON value.
func randomValue(t *rapid.T, depth int) string {
	switch kind := number(t, 9); {
	case kind < 4:
		return quoted(oneOf(t, someTexts))
	case kind < 6:
		return oneOf(t, someNumbers)
	case kind == 6:
		return oneOf(t, []string{"true", "false", "null"})
	case depth == 0:
		return oneOf(t, []string{"{}", "[]", "[[]]", `[""]`})
	case kind == 7:
		return randomObject(t, depth-1)
	}
	var all []string
	for range number(t, 3) {
		all = append(all, randomValue(t, depth-1))
	}
	return "[" + space(t) + strings.Join(all, ","+space(t)) + "]"
}

func space(t *rapid.T) string { return oneOf(t, []string{"", "", "", " ", "\n\t"}) }

func randomObject(t *rapid.T, depth int) string {
	var all []string
	for range number(t, 4) {
		all = append(all, quoted(oneOf(t, someKeys))+space(t)+":"+space(t)+randomValue(t, depth))
	}
	return "{" + space(t) + strings.Join(all, space(t)+",") + space(t) + "}"
}

// randomTest is one alternative of a field.
func randomTest(t *rapid.T) string {
	text := func() string { return quoted(oneOf(t, someTexts)) }
	texts := func() string { return "[" + text() + "," + text() + "]" }
	switch number(t, 22) {
	case 0, 1, 2:
		return text()
	case 3:
		return oneOf(t, someNumbers)
	case 4:
		return oneOf(t, []string{"true", "false", "null"})
	case 5:
		return `{"prefix":` + text() + `}`
	case 6:
		return `{"suffix":` + text() + `}`
	case 7:
		return `{"equals-ignore-case":` + text() + `}`
	case 8:
		return `{"prefix":{"equals-ignore-case":` + text() + `}}`
	case 9:
		return `{"suffix":{"equals-ignore-case":` + text() + `}}`
	case 10, 11:
		return `{"wildcard":` + quoted(oneOf(t, []string{"*", "a*", "*a", "*b*", "a*c", "*bcd*", "*abc", "abcd*", "foo.*R", "a*b*c", "*a*b*", "a\\\\*b", "", "*oob*", "*o*.*", "ab"})) + `}`
	case 12:
		return `{"anything-but":` + text() + `}`
	case 13:
		return `{"anything-but":` + texts() + `}`
	case 14:
		return `{"anything-but":[` + oneOf(t, []string{"1", "5", "300", "-0", "0.1"}) + `]}`
	case 15:
		return `{"anything-but":{` + oneOf(t, []string{`"prefix"`, `"suffix"`, `"equals-ignore-case"`}) + `:` + texts() + `}}`
	case 16:
		return `{"anything-but":{"wildcard":["a*","*c"]}}`
	case 17, 18:
		return `{"numeric":` + oneOf(t, []string{`["=",5]`, `["<",5]`, `[">=",1]`, `[">",-5,"<=",100]`, `[">=",1,"<",300]`, `["<=",-0]`, `[">",1e2]`}) + `}`
	case 19:
		return `{"exists":true}`
	case 20:
		return `{"exists":false}`
	case 21:
		return `{"cidr":` + oneOf(t, []string{`"10.0.0.0/8"`, `"10.0.0.1/31"`, `"::/0"`, `"0.0.0.0/0"`, `"2001:db8::/32"`}) + `}`
	}
	return `{"exactly":` + text() + `}`
}

func randomPattern(t *rapid.T, depth int, or bool) string {
	var all []string
	for range 1 + number(t, 2) {
		if or && number(t, 5) == 0 {
			all = append(all, `"$or":[`+randomPattern(t, 0, depth > 0)+","+randomPattern(t, 0, false)+"]")
			continue
		}
		key := quoted(oneOf(t, someKeys)) + ":"
		if depth > 0 && number(t, 2) == 0 {
			all = append(all, key+randomPattern(t, depth-1, or))
			continue
		}
		tests := []string{randomTest(t)}
		for range number(t, 2) {
			tests = append(tests, randomTest(t))
		}
		all = append(all, key+"["+strings.Join(tests, ",")+"]")
	}
	return "{" + strings.Join(all, ",") + "}"
}

func TestTheEngineAgreesWithTheOracle(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) { agree(t, func() string { return randomPattern(t, 2, true) }) })
}

// Where every rule wants a source or a detail-type, most events are not read to
// their end.
func TestTheEngineAgreesWithTheOracleOnRulesThatPartition(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		agree(t, func() string {
			both := oneOf(t, []string{`"source":["a","ab"]`, `"source":["abc"]`, `"detail-type":["a",""]`, `"source":["a"],"detail-type":["a"]`})
			if number(t, 2) > 0 {
				both += "," + quoted(oneOf(t, []string{"a", "b", "detail"})) + ":" + oneOf(t, []string{"[" + randomTest(t) + "]", randomPattern(t, 1, true)})
			}
			return "{" + both + "}"
		})
	})
}

func agree(t *rapid.T, pattern func() string) {
	set, rules := NewSet(), map[string]*Rule{}
	for range 1 + number(t, 30) {
		text := pattern()
		p, err := syntax.Parse(text)
		if err != nil || rules[text] != nil {
			continue
		}
		rules[text] = NewRule(p, text)
		set.Add(rules[text])
		if number(t, 3) == 0 { // some come and go
			for text, r := range rules {
				set.Remove(r)
				delete(rules, text)
				break
			}
		}
	}
	var m Memory
	for range 4 {
		checkEvent(t, set.Snapshot(), &m, rules, randomObject(t, 3))
	}
}

type failer interface{ Fatalf(string, ...any) }

func checkEvent(t failer, s *Snapshot, m *Memory, rules map[string]*Rule, event string) {
	if !json.Valid([]byte(event)) {
		t.Fatalf("not JSON: %s", event)
	}
	e, err := oracle.Flatten([]byte(event))
	if err != nil {
		t.Fatalf("%s: %v", event, err)
	}
	want := []string{}
	for text := range rules {
		p, err := oracle.Parse(text)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		if ok, _ := p.MatchEvent(e); ok {
			want = append(want, text)
		}
	}
	matched, _, err := s.Match(m, []byte(event))
	if err != nil {
		t.Fatalf("%s: %v", event, err)
	}
	got := []string{}
	for _, r := range matched {
		got = append(got, r.Owner.(string))
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Fatalf("event %s\n%sof %d rules", event, difference(got, want), len(rules))
	}
}

// FuzzMatch holds that no pattern and no event makes the engine panic or
// disagree with the oracle.
func FuzzMatch(f *testing.F) {
	f.Add(`{"a": [{"anything-but": {"wildcard": ["a*b", "c\\*"]}}, "10.0.0.1"]}`, `{"a": ["ab", {"b": 1e400}]}`)
	f.Add(`{"$or": [{"a": [1]}, {"b": [{"exists": false}]}], "c": [{"numeric": [">", 0, "<=", 5e-3]}]}`, `{"a": [[1], {"": null}]}`)
	f.Add(`{"a": {"b": [1], "c": [2]}}`, `{"a": [{"b": 1}, {"c": 2, "b": [1]}]}`)
	f.Add(`{"source": ["a"], "detail-type": ["\u00e9"], "detail": {"x.y": [{"suffix": "z"}]}}`, `{"source":"a","detail-type":"é","detail":{"x":{"y":"\ud83d\ude00z"}}}`)
	f.Fuzz(func(t *testing.T, pattern, event string) {
		p, err := syntax.Parse(pattern)
		if err != nil {
			p, _ = syntax.Parse(`{"a": [{"exists": false}]}`)
		}
		set := NewSet()
		rule := NewRule(p, nil)
		set.Add(rule)
		var m Memory
		rules, _, err := set.Snapshot().Match(&m, []byte(event))
		e, bad := oracle.Flatten([]byte(event))
		if bad != nil || !json.Valid([]byte(event)) || strings.ToValidUTF8(event, "?") != event {
			return // only that it ends well
		}
		want, tooComplex := oracle.New(p).MatchEvent(e)
		if tooComplex != nil {
			return
		}
		if err != nil || len(rules) == 1 != want {
			t.Fatalf("pattern %s\nevent %s\n%d rules match, %v; want %v", pattern, event, len(rules), err, want)
		}
		set.Remove(rule)
		if n := set.Snapshot(); n.partitions.n+n.found.n != 0 || n.root != nil && len(n.root.kids) != 0 {
			t.Fatalf("pattern %s leaves something behind", pattern)
		}
	})
}

func TestManyRulesComeAndGo(t *testing.T) {
	set := NewSet()
	rules := map[string]*Rule{}
	texts := []string{}
	for i := range 3000 {
		text := fmt.Sprintf(`{"source":["s%d"],"detail":{"k%d":["v%d",{"prefix":"p%d"}],"n":[{"numeric":[">",%d]}]}}`, i%40, i%50, i, i%300, i%100)
		if i%3 == 0 {
			text = fmt.Sprintf(`{"f%d":[%d,{"wildcard":"*w%d*"}]}`, i%700, i, i)
		}
		texts = append(texts, text)
		rules[text] = mustRule(t, text)
	}
	all := []*Rule{}
	for _, text := range texts {
		all = append(all, rules[text])
	}
	set.Add(all...)
	var m Memory
	event := `{"source":"s7","detail":{"k7":"v7","n":50,"k17":["p217x","v1247"]},"f6":"x w6 w906","f9":[9,"w9w709"]}`
	checkEvent(t, set.Snapshot(), &m, rules, event)
	old := set.Snapshot()
	before := matches(t, set, event)
	for i, text := range texts {
		if i%2 == 0 {
			set.Remove(rules[text])
			delete(rules, text)
		}
	}
	checkEvent(t, set.Snapshot(), &m, rules, event)
	if again, _, _ := old.Match(&m, []byte(event)); len(again) != len(before) {
		t.Errorf("an old snapshot has %d matches, and had %d", len(again), len(before))
	}
	for _, r := range rules {
		set.Remove(r)
	}
	n := set.Snapshot()
	if n.partitions.n != 0 || n.found.n != 0 || len(n.root.kids) != 0 || n.shapes != [4]int{} {
		t.Errorf("%d partitions, %d keys, %d nodes are left of no rules", n.partitions.n, n.found.n, len(n.root.kids))
	}
}

// Every snapshot has as many rules that match as any other, since each change
// takes one away and brings one.
func TestReadersSeeWholeChanges(t *testing.T) {
	const rules = 40
	set, all := NewSet(), make([]*Rule, rules)
	pattern := func(i int) string {
		return []string{
			`{"source": ["s"], "detail": {"n": [{"numeric": [">", %d]}]}}`, `{"detail": {"k": ["v%d", "v"]}}`,
			`{"detail": {"k": [{"prefix": "v"}], "x%d": [{"exists": false}]}}`, `{"$or": [{"source": ["s"]}, {"detail": {"k": ["w%d"]}}]}`,
		}[i%4]
	}
	add := func(i, round int) *Rule {
		text := pattern(i)
		return mustRule(t, fmt.Sprintf(text, round%1000))
	}
	for i := range all {
		all[i] = add(i, i)
	}
	set.Add(all...)
	event := []byte(`{"source":"s","detail":{"n":5000,"k":"v"}}`)
	var readers sync.WaitGroup
	stop := make(chan struct{})
	for range 2 {
		readers.Go(func() {
			var m Memory
			for {
				select {
				case <-stop:
					return
				default:
				}
				if got, _, err := set.Snapshot().Match(&m, event); len(got) != rules || err != nil {
					t.Errorf("%d rules match, %v, want %d", len(got), err, rules)
					return
				}
			}
		})
	}
	for round := range 5000 {
		at := round % rules
		next := add(round, round)
		set.Change([]*Rule{all[at]}, []*Rule{next})
		all[at] = next
	}
	close(stop)
	readers.Wait()
}
