package pattern

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/carillon-events/carillon/internal/pattern/oracle"
)

func TestAnEventIsReadAsTheOracleReadsIt(t *testing.T) {
	deep := func(n int) string { return strings.Repeat(`{"a":`, n) + "1" + strings.Repeat("}", n) }
	for _, text := range []string{
		`{}`, ` {"a": 1} trailing`, `{"a": 1`, `[]`, `"a"`, ``, `{"a": 01}`, `{"a": tru}`, `{"a": "\x"}`, "{\"a\": \"\xff\xfe\"}", `{"a": "\ud800"}`,
		`{"a" 1}`, `{"a": 1,}`, `{"a": "` + "\n" + `"}`, deep(1001), deep(1002), `{"a": "}{"}`, `{"a": "\"{"}`, `{"a": {"a": "x"}} {`,
	} {
		event, err := Read([]byte(text))
		e, wrong := oracle.Flatten([]byte(text))
		if (err == nil) != (wrong == nil) {
			t.Errorf("%.60q: %v, the oracle says %v", text, err, wrong)
		}
		if err != nil || wrong != nil {
			continue
		}
		for _, pattern := range []string{`{"a": [1]}`, "{\"a\": [\"\uFFFD\uFFFD\", \"\uFFFD\"]}", `{"a": [{"exists": false}]}`, `{"a": {"a": ["x"]}}`, `{"a": ["}{", "\"{"]}`} {
			p, err := Parse(pattern)
			if err != nil {
				t.Fatal(err)
			}
			o, err := oracle.Parse(pattern)
			if err != nil {
				t.Fatal(err)
			}
			got, err := p.Match(event)
			want, _ := o.MatchEvent(e)
			if err != nil || got != want {
				t.Errorf("%.60q matches %s: %v, %v, want %v", text, pattern, got, err, want)
			}
		}
	}
}

// Each of twenty fields can come from twenty arrays; that the last one only
// comes from elsewhere shows at the end of every combination.
func TestAMatchThatWouldTakeForEverIsAnError(t *testing.T) {
	var fields []string
	for i := range 20 {
		fields = append(fields, fmt.Sprintf(`"x%02d": [1]`, i))
	}
	element := `{` + strings.ReplaceAll(strings.Join(fields, ","), "[1]", "1") + `}`
	array := `"a": [` + strings.Repeat(element+",", 20) + element + `]`
	event := `{"o": [{` + strings.Repeat(array+",", 19) + array + `}, {"y": 1}]}`
	p, err := Parse(`{"o": {"a": {` + strings.Join(fields, ",") + `}, "y": [1]}}`)
	if err != nil {
		t.Fatal(err)
	}
	if ok, err := p.Match([]byte(event)); ok || !errors.Is(err, ErrTooComplex) {
		t.Errorf("%v, %v, want %v", ok, err, ErrTooComplex)
	}
}

func TestLimitsOfAPatternCanBeSet(t *testing.T) {
	wild := `{"a": [{"wildcard": "*:*:*:*:*:event-bus/*"}]}`
	var or []string
	for i := range 11 {
		or = append(or, fmt.Sprintf(`"f%d": {"$or": [{"a": [1]}, {"b": [2]}]}`, i))
	}
	ors := `{` + strings.Join(or, ",") + `}`
	for text, wide := range map[string]Limits{wild: {Complexity: 20}, ors: {Combinations: 5000}} {
		if _, err := Parse(text); err == nil {
			t.Errorf("%.40s is within AWS's limits", text)
		}
		if _, err := wide.Parse(text); err != nil {
			t.Errorf("%.40s within %+v: %v", text, wide, err)
		}
		if _, err := Stored(text); err != nil {
			t.Errorf("%.40s was accepted once: %v", text, err)
		}
	}
	if _, err := (Limits{Complexity: 1}).Parse(`{"a": [{"wildcard": "a*b"}]}`); err == nil {
		t.Error("a*b is within a complexity of 1")
	}
}

func TestAWayThroughAnOrThatIsTooComplexDoesNotHideOneThatMatches(t *testing.T) {
	p, err := Parse(`{"$or": [{"a": {"x": [1]}, "b": {"x": [1], "y": [1]}}, {"c": [1]}]}`)
	if err != nil {
		t.Fatal(err)
	}
	const n = 20_000
	arrays := `{"a": [` + strings.Repeat(`{"x": 1},`, n) + `1], "b": [` + strings.Repeat(`[{"x": 1}],`, n) + `{"y": 1}], "c": `
	if _, err := p.Match([]byte(arrays + `2}`)); !errors.Is(err, ErrTooComplex) {
		t.Errorf("with c = 2: %v, want ErrTooComplex", err)
	}
	if ok, err := p.Match([]byte(arrays + `1}`)); !ok || err != nil {
		t.Errorf("with c = 1: %v, %v, want a match", ok, err)
	}
}
