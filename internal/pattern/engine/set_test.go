package engine

import (
	"fmt"
	"runtime"
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

func TestManyFieldsInOnePartitionCostNoMoreThanTheyAre(t *testing.T) {
	const n = 10_000
	together, apart := []*Rule{}, []*Rule{}
	for i := range n {
		together = append(together, mustRule(t, fmt.Sprintf(`{"k%d":["v"]}`, i)))
		apart = append(apart, mustRule(t, fmt.Sprintf(`{"source":["s%d"],"k%d":["v"]}`, i/(fewRoutes+2), i)))
	}
	set := NewSet()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	set.Add(together...)
	set.Add(apart...)
	runtime.ReadMemStats(&after)
	if used := (after.TotalAlloc - before.TotalAlloc) >> 20; used > 100 {
		t.Errorf("%d MB for %d rules of one field each", used, 2*n)
	}
	event := fmt.Sprintf(`{"source":"s0","k0":"v","k%d":"v","k1":"w"}`, n-1)
	if got := matches(t, set, event); len(got) != 3 {
		t.Errorf("%q match, want 3", got)
	}
	set.Remove(together[1:]...)
	if got := matches(t, set, event); len(got) != 2 {
		t.Errorf("%q match, want 2", got)
	}
	set.Add(mustRule(t, `{"k7":["v"]}`), mustRule(t, fmt.Sprintf(`{"k%d":["v"]}`, n-1)))
	if got := matches(t, set, event); len(got) != 3 {
		t.Errorf("%q match, want 3", got)
	}
}
