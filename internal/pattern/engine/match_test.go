package engine

import (
	"fmt"
	"strings"
	"testing"
)

// list is a JSON array of n times what, and then last.
func list(n int, what, last string) string {
	return "[" + strings.Repeat(what+",", n) + last + "]"
}

// Without bounds each of these takes minutes.
func TestAnEventOfVeryManySourcesIsMatchedInATimeThatGrowsWithIt(t *testing.T) {
	set := NewSet()
	for i := range 50 {
		set.Add(mustRule(t, fmt.Sprintf(`{"source":["s%d"],"detail-type":["d","e"],"a":["x"]}`, i)),
			mustRule(t, fmt.Sprintf(`{"source":["s%d"],"a":["x"]}`, i)),
			mustRule(t, fmt.Sprintf(`{"detail-type":["d%d"],"a":["x"]}`, i)))
	}
	const n = 50_000
	for event, want := range map[string]int{
		`{"source":` + list(n, `"s1"`, `"s2"`) + `,"detail-type":` + list(n, `"f"`, `"d"`) + `,"a":"x"}`:            4,
		`{"source":` + list(n, `"s1"`, `"s2"`) + `,"detail-type":` + list(n, `"f"`, `"d3"`) + `,"a":"x"}`:           3,
		`{"source":` + list(n, `"s1"`, `"s2"`) + `,"a":` + list(n, `"y"`, `"x"`) + `}`:                              2,
		`{` + strings.Repeat(`"source":"no","a":[],`, n) + `"source":"s2","a":["x"]}`:                               1,
		`{` + strings.Repeat(`"detail-type":"no","a":["x"],`, n) + `"source":["s2",1],"detail-type":["d4","d",{}]}`: 3,
	} {
		if got := matches(t, set, event); len(got) != want {
			t.Errorf("%.40s…: %d match, want %d: %q", event, len(got), want, got)
		}
	}
}

// What very many values lead to is looked at once: rules times values took 8 s.
func TestManyRulesBehindOneKeyAreLookedAtOnce(t *testing.T) {
	set := NewSet()
	const rules = 5000
	for i := range rules {
		set.Add(mustRule(t, fmt.Sprintf(`{"a":[{"anything-but":["x%d"]}]}`, i)),
			mustRule(t, fmt.Sprintf(`{"b":[{"wildcard":"*abc*"},"x%d"]}`, i)), mustRule(t, fmt.Sprintf(`{"a":["y","x%d"]}`, i)))
	}
	event := `{"a":` + list(200_000, `"y"`, `1`) + `,"b":"` + strings.Repeat("abc", 200_000) + `"}`
	if got := matches(t, set, event); len(got) != 3*rules {
		t.Errorf("%d match, want %d", len(got), 3*rules)
	}
}

// Every rule would have to look at every value: rules that would take too long
// are given up, and said to be.
func TestRulesTimesValuesIsBounded(t *testing.T) {
	for name, c := range map[string]struct{ rule, value string }{
		"exclusions": {`{"a":[{"anything-but":["x","y%d"]}]}`, `"x"`},
		"ranges":     {`{"a":[{"numeric":[">",0,"<",1%06d]}],"b":[1]}`, `5`},
	} {
		set := NewSet()
		for i := range 2000 {
			set.Add(mustRule(t, fmt.Sprintf(c.rule, i)))
		}
		var m Memory
		rules, tooComplex, err := set.Snapshot().Match(&m, []byte(`{"a":`+list(50_000, c.value, c.value)+`}`))
		if len(rules) != 0 || tooComplex == 0 || err != nil {
			t.Errorf("%s: %d match, %d are too complex, %v", name, len(rules), tooComplex, err)
		}
		if m.scanned > maxSteps+2000 || m.again > maxSteps+2000 {
			t.Errorf("%s: %d values looked at, %d subrules again", name, m.scanned, m.again)
		}
	}
}
