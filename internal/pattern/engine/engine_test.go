package engine

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/carillon-events/carillon/internal/pattern/oracle"
	"github.com/carillon-events/carillon/internal/pattern/syntax"
)

func mustRule(t testing.TB, text string) *Rule {
	t.Helper()
	p, err := syntax.Parse(text)
	if err != nil {
		t.Fatalf("pattern %s: %v", text, err)
	}
	return NewRule(p, text)
}

// matches tells which of the patterns the event matches.
func matches(t testing.TB, set *Set, event string) []string {
	t.Helper()
	var m Memory
	rules, _, err := set.Snapshot().Match(&m, []byte(event))
	if err != nil {
		t.Fatalf("event %s: %v", event, err)
	}
	out := []string{}
	for _, r := range rules {
		out = append(out, r.Owner.(string))
	}
	slices.Sort(out)
	return out
}

// knownCases are the patterns and events of testdata.
func knownCases(t testing.TB) (patterns, events []string) {
	t.Helper()
	for _, name := range []string{"patterns-aws.jsonl", "patterns-ruler.jsonl"} {
		f, err := os.Open(filepath.Join("..", "testdata", name))
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		lines := bufio.NewScanner(f)
		lines.Buffer(nil, 1<<20)
		for lines.Scan() {
			var k struct {
				Pattern string
				Rules   map[string]string
				Event   *string
			}
			if err := json.Unmarshal(lines.Bytes(), &k); err != nil {
				t.Fatal(err)
			}
			patterns = append(patterns, k.Pattern)
			for _, p := range k.Rules {
				patterns = append(patterns, p)
			}
			if k.Event != nil {
				events = append(events, *k.Event)
			}
		}
	}
	patterns = slices.DeleteFunc(patterns, func(p string) bool { _, err := syntax.Parse(p); return err != nil })
	events = slices.DeleteFunc(events, func(e string) bool {
		_, err := oracle.Flatten([]byte(e))
		return err != nil || !json.Valid([]byte(e))
	})
	slices.Sort(patterns)
	slices.Sort(events)
	return slices.Compact(patterns), slices.Compact(events)
}

func TestAllKnownPatternsTogetherMatchAsTheOracleSays(t *testing.T) {
	patterns, events := knownCases(t)
	if len(patterns) < 400 || len(events) < 100 {
		t.Fatalf("%d patterns and %d events", len(patterns), len(events))
	}
	set := NewSet()
	compiled := map[string]*oracle.Pattern{}
	for _, p := range patterns {
		set.Add(mustRule(t, p))
		compiled[p], _ = oracle.Parse(p)
	}
	for _, event := range events {
		got := matches(t, set, event)
		e, err := oracle.Flatten([]byte(event))
		if err != nil {
			t.Fatal(err)
		}
		want := []string{}
		for _, p := range patterns {
			if ok, _ := compiled[p].MatchEvent(e); ok {
				want = append(want, p)
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("event %s\n%s", event, difference(got, want))
		}
	}
}

func difference(got, want []string) string {
	out := ""
	for _, p := range got {
		if !slices.Contains(want, p) {
			out += fmt.Sprintf("matches, and should not: %s\n", p)
		}
	}
	for _, p := range want {
		if !slices.Contains(got, p) {
			out += fmt.Sprintf("does not match, and should: %s\n", p)
		}
	}
	return out
}

func TestTwoFieldsOfALongArrayAreMatchedInATimeThatGrowsWithIt(t *testing.T) {
	set := NewSet()
	for i := range 50 {
		set.Add(mustRule(t, fmt.Sprintf(`{"a": {"x": [1], "y": [2], "z": [{"anything-but": %d}]}}`, i)))
	}
	var event strings.Builder
	event.WriteString(`{"a": [`)
	for range 30_000 {
		event.WriteString(`{"x": 1, "y": 1, "z": 0}, {"y": 2, "z": 0}, {"x": 1, "z": 0},`)
	}
	event.WriteString(`{"x": 1, "y": 2, "z": 0}]}`)
	var m Memory
	rules, tooComplex, err := set.Snapshot().Match(&m, []byte(event.String()))
	if len(rules) != 49 || tooComplex != 0 || err != nil {
		t.Errorf("%d rules match, %d are too complex, %v; want 49", len(rules), tooComplex, err)
	}
}
