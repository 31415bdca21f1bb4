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
