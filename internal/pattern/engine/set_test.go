package engine

import (
	"fmt"
	"testing"
)

func TestARouteBecomesATableAfterItsWildcardsHaveLeft(t *testing.T) {
	set := NewSet()
	wildcard := mustRule(t, `{"a":[{"wildcard":"*abc*"}]}`)
	set.Add(wildcard, mustRule(t, `{"a":["x"]}`))
	set.Remove(wildcard)
	for i := range fewGuards + 1 {
		set.Add(mustRule(t, fmt.Sprintf(`{"a":["v%d"]}`, i+100)))
	}
	if got := matches(t, set, `{"a":"v101"}`); len(got) != 1 {
		t.Errorf("%q match, want one", got)
	}
}
