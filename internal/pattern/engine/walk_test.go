package engine

import (
	"strings"
	"testing"
)

func TestTheDeepestEventIsReadInWhateverOrderItsKeysCome(t *testing.T) {
	set := NewSet()
	set.Add(mustRule(t, `{"source":["s"],"a":["x"]}`))
	deep := `"a":` + strings.Repeat("[", MaxDepth) + `"x"` + strings.Repeat("]", MaxDepth)
	for _, event := range []string{`{"source":"s",` + deep + `}`, `{` + deep + `,"source":"s"}`} {
		if got := matches(t, set, event); len(got) != 1 {
			t.Errorf("%q match %.20s…", got, event)
		}
	}
}

// Only what is at the top of an event may wait: elsewhere its array would be
// forgotten.
func TestWhatIsInTheSourceKeepsItsArrayElements(t *testing.T) {
	set := NewSet()
	set.Add(mustRule(t, `{"source":["s"],"source.x.y":[1],"source.x.z":[2]}`))
	for event, want := range map[string]int{
		`{"source":[{"x":{"y":1}},{"x":{"z":2}},"s"]}`:  0,
		`{"source":[{"x":{"y":1,"z":2}},{"x":{}},"s"]}`: 1,
	} {
		if got := matches(t, set, event); len(got) != want {
			t.Errorf("event %s: %d rules match, want %d", event, len(got), want)
		}
	}
}
