package engine

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
)

func TestAbsenceInALongArrayIsFoundInATimeThatGrowsWithIt(t *testing.T) {
	set := NewSet()
	set.Add(mustRule(t, `{"a":{"x":[1],"y":[{"exists":false}],"z":[3]}}`), mustRule(t, `{"a":{"x":[1],"y":[{"exists":false},2],"z":[2]}}`))
	event := `{"a":` + list(50_000, `{"x":1,"y":1}`, `{"x":1,"z":2},{"z":3}`) + `}`
	var m Memory
	rules, tooComplex, err := set.Snapshot().Match(&m, []byte(event))
	if len(rules) != 1 || tooComplex != 0 || err != nil {
		t.Errorf("%d rules match, %d are too complex, %v; want 1", len(rules), tooComplex, err)
	}
}

// The fields times the arrays would be too much.
func TestASearchOfManyFieldsInManyArraysNeedsLittleMemory(t *testing.T) {
	var fields strings.Builder
	for i := range 2000 {
		fmt.Fprintf(&fields, `"f%04d":[1],`, i)
	}
	set := NewSet()
	set.Add(mustRule(t, `{"a":{"x":[1]},"b":{`+fields.String()+`"x":[1],"y":[1]}}`))
	const n = 10_000
	event := `{"a":` + list(n, `{"x":1}`, `1`) + `,"b":` + list(n, `[{"x":1}]`, `{"y":1},{`+strings.ReplaceAll(fields.String(), "[1]", "1")+`"z":1}`) + `}`
	var m Memory
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	rules, _, err := set.Snapshot().Match(&m, []byte(event))
	runtime.ReadMemStats(&after)
	if len(rules) != 0 || err != nil || m.search.steps <= rememberAfter {
		t.Errorf("%d rules match after %d steps, %v; want 0 and more", len(rules), m.search.steps, err)
	}
	if used := (after.TotalAlloc - before.TotalAlloc) >> 20; used > 32 {
		t.Errorf("%d MB for an event of %d kB", used, len(event)>>10)
	}
}
