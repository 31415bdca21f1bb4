package explain

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

func join(n int, f func(i int) string) string {
	all := make([]string, n)
	for i := range all {
		all[i] = f(i)
	}
	return strings.Join(all, ",")
}

func TestAnExplanationIsBoundedWhateverItExplains(t *testing.T) {
	long := strings.Repeat("é", 60_000)
	fields := join(20, func(i int) string { return fmt.Sprintf(`"x%02d": [1]`, i) })
	element := `{` + strings.ReplaceAll(strings.ReplaceAll(fields, "[", ""), "]", "") + `}`
	for name, c := range map[string]struct{ pattern, event string }{
		"a long value and a long test": {`{"a": ["` + long + `x"]}`, `{"a": "` + long + `"}`},
		"a long name":                  {`{"` + long + `": ["x"]}`, `{"` + long + `": "y"}`},
		"many tests":                   {`{"a": [` + join(20_000, func(i int) string { return fmt.Sprintf(`"t%d"`, i) }) + `]}`, `{"a": ["x", "y", "z"]}`},
		"many values":                  {`{"a": [1]}`, `{"a": [` + strings.Repeat("2,", 300_000) + `2]}`},
		"many tests and values": {`{"a": [` + join(2_000, func(i int) string { return fmt.Sprintf(`"t%d"`, i) }) + `]}`,
			`{"a": [` + strings.Repeat(`"x",`, 20_000) + `"t7"]}`},
		"many fields": {`{` + join(5_000, func(i int) string { return fmt.Sprintf(`"k%d": [1]`, i) }) + `}`, `{}`},
		"fields in arrays of their own": {`{` + join(2_000, func(i int) string { return fmt.Sprintf(`"k%d": {"a": [1]}`, i) }) + `}`,
			`{` + join(2_000, func(i int) string { return fmt.Sprintf(`"k%d": [{"a": 1}]`, i) }) + `}`},
		"many branches": {`{"$or": [` + join(1000, func(i int) string { return fmt.Sprintf(`{"k%d": [1], "l": [%d]}`, i, i) }) + `]}`, `{"l": 3}`},
		"many keys":     {`{"z": [1]}`, `{` + join(20_000, func(i int) string { return fmt.Sprintf(`"k%d": 1`, i) }) + `}`},
		"deep keys":     {`{"z": [1]}`, strings.Repeat(`{"key":`, 900) + `1` + strings.Repeat(`}`, 900)},
		"arrays that combine in many ways": {`{"a": {` + fields + `, "y": [1]}}`,
			`{` + strings.Repeat(`"a": [`+strings.Repeat(element+",", 20)+element+`],`, 20) + `"b": 1}`},
		"elements that never go together": {`{"a": {"x": [1], "y": [2]}}`, `{"a": [` + strings.Repeat(`{"x": 1, "y": 1}, {"x": 2, "y": 2},`, 2000) + `{}]}`},
	} {
		t.Run(name, func(t *testing.T) {
			start := time.Now()
			r := explain(t, c.pattern, c.event)
			b, err := json.Marshal(r)
			if err != nil || len(b) > 1<<21 {
				t.Errorf("%d bytes, %v", len(b), err)
			}
			if out := text(t, r); len(out) > 1<<21 || !utf8.ValidString(out) {
				t.Errorf("%d bytes of text, or not UTF-8", len(out))
			}
			if took := time.Since(start); took > 20*time.Second {
				t.Errorf("it took %s", took)
			} else {
				t.Logf("%s, %d bytes: %s", took.Round(time.Millisecond), len(b), r.Summary[:min(len(r.Summary), 160)])
			}
		})
	}
}

func TestWhatIsCutSaysHowMuchIsMissing(t *testing.T) {
	r := explain(t, `{"a": [1]}`, `{"a": [`+strings.Repeat("2,", 99)+`1]}`)
	f := r.Branches[0].Fields[0]
	if !r.Matched || len(f.Values) != maxValues || f.MoreValues != 100-maxValues {
		t.Errorf("got %d values and %d more", len(f.Values), f.MoreValues)
	}
	if last := f.Values[maxValues-1]; last.At != "a[99]" || !last.Accepted || !last.Taken {
		t.Errorf("the value that matters is not shown: %+v", f.Values)
	}
	r = explain(t, `{"$or": [`+join(100, func(i int) string { return fmt.Sprintf(`{"a": [%d]}`, i) })+`]}`, `{"a": 77}`)
	if len(r.Branches) != maxBranches || r.MoreBranches != 100-maxBranches || !r.Branches[maxBranches-1].Matched {
		t.Errorf("the branch that matters is not shown, of %d and %d more", len(r.Branches), r.MoreBranches)
	}
}
