package oracle

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

func match(t *testing.T, pattern, event string) bool {
	t.Helper()
	p, err := Parse(pattern)
	if err != nil {
		t.Fatalf("pattern %s: %v", pattern, err)
	}
	ok, err := p.Match([]byte(event))
	if err != nil {
		t.Fatalf("event %s: %v", event, err)
	}
	return ok
}

func TestCharactersBeyondTheBasicPlaneFoldLikeOthers(t *testing.T) {
	const pattern = `{"a": [{"equals-ignore-case": "😀𐐀"}]}`
	if !match(t, pattern, `{"a": "😀𐐨"}`) || match(t, pattern, `{"a": "????"}`) {
		t.Error("😀𐐀 folds as event-ruler's broken halves of characters")
	}
}

func TestAnAddressPatternDoesNotHideTheOtherTestsOfAField(t *testing.T) {
	const pattern = `{"a": [{"cidr": "10.0.0.0/8"}, {"prefix": "192."}, {"numeric": [">", 5]}]}`
	for event, want := range map[string]bool{
		`{"a": "10.1.2.3"}`:    true,
		`{"a": "192.168.0.1"}`: true,
		`{"a": 6}`:             true,
		`{"a": "172.16.0.1"}`:  false,
		`{"a": "6"}`:           false,
	} {
		if got := match(t, pattern, event); got != want {
			t.Errorf("%s: %v, want %v", event, got, want)
		}
	}
}

func TestArraysWithManyCombinationsAreMatchedInBoundedTime(t *testing.T) {
	var fields, arrays []string
	for i := range 20 {
		name := fmt.Sprintf("k%02d", i)
		fields = append(fields, fmt.Sprintf(`"%s": {"x": [1]}`, name))
		arrays = append(arrays, fmt.Sprintf(`"%s": [%s{"x":1}]`, name, strings.Repeat(`{"x":1},`, 50)))
	}
	pattern := `{` + strings.Join(fields, ",") + `, "z": [1]}`
	if match(t, pattern, `{`+strings.Join(arrays, ",")+`, "z": 2}`) {
		t.Error("matches without z")
	}
}

func TestAMatchThatWouldTakeForEverIsGivenUp(t *testing.T) {
	var fields []string
	for i := range 20 {
		fields = append(fields, fmt.Sprintf(`"x%02d": [1]`, i))
	}
	element := `{` + strings.ReplaceAll(strings.Join(fields, ","), "[1]", "1") + `}`
	// The same key again and again: arrays that are independent of each other.
	event := `{` + strings.Repeat(`"a": [`+strings.Repeat(element+",", 20)+element+`],`, 20) + `"b": 1}`
	p, err := Parse(`{"a": {` + strings.Join(fields, ",") + `, "y": [1]}}`)
	if err != nil {
		t.Fatal(err)
	}
	if ok, err := p.Match([]byte(event)); ok || !errors.Is(err, ErrTooComplex) {
		t.Fatalf("%v, %v, want %v", ok, err, ErrTooComplex)
	}
}

func TestOrsThatMultiplyAreRefused(t *testing.T) {
	var fields []string
	for i := range 10 {
		fields = append(fields, fmt.Sprintf(`"f%d": {"$or": [{"a": [1]}, {"b": [2]}]}`, i))
	}
	if _, err := Parse(`{` + strings.Join(fields, ",") + `}`); err == nil {
		t.Fatal("1024 combinations are accepted")
	}
	if _, err := Parse(`{` + strings.Join(fields[1:], ",") + `}`); err != nil {
		t.Fatalf("512 combinations are refused: %v", err)
	}
}

func TestOrsThatMultiplyFieldsAreRefused(t *testing.T) {
	var fields []string
	for i := range 9 {
		fields = append(fields, fmt.Sprintf(`"f%d": {"$or": [{"a": [1]}, {"b": [2]}]}`, i))
	}
	for i := range 200 {
		fields = append(fields, fmt.Sprintf(`"g%d": [1]`, i))
	}
	if _, err := Parse(`{` + strings.Join(fields, ",") + `}`); err == nil {
		t.Fatal("512 branches of 209 fields are accepted")
	}
}

func TestTwoFieldsOfALongArrayAreMatched(t *testing.T) {
	event := `{"a": [` + strings.Repeat(`{"x": 1, "y": 1},`, 3000) + `{"x": 1, "y": 2}]}`
	if !match(t, `{"a": {"x": [1], "y": [2]}}`, event) {
		t.Error("the last of 3001 elements is not found")
	}
}

func TestNestingIsBounded(t *testing.T) {
	deep := strings.Repeat(`{"a":`, 5000) + `[1]` + strings.Repeat(`}`, 5000)
	if _, err := Parse(deep); err == nil || !strings.HasPrefix(err.Error(), "Document nesting depth (1001)") {
		t.Errorf("a pattern of 5000 levels: %.200v", err)
	}
	if _, err := Flatten([]byte(deep)); err == nil {
		t.Error("an event of 5000 levels is read")
	}
}

// FuzzMatch holds that no pattern and no event can make the matcher panic.
func FuzzMatch(f *testing.F) {
	f.Add(`{"a": [{"anything-but": {"wildcard": ["a*b", "c\\*"]}}, "10.0.0.1"]}`, `{"a": ["ab", {"b": 1e400}]}`)
	f.Add(`{"$or": [{"a": [1]}, {"b": [{"exists": false}]}], "c": [{"numeric": [">", 0, "<=", 5e-3]}]}`, `{"a": [[1], {"": null}]}`)
	f.Add(`{"a": [{"prefix": {"equals-ignore-case": "ß"}}, {"suffix": {"equals-ignore-case": "İ"}}]}`, `{"a": "SSx\ud800"}`)
	f.Add(`{"a": [{"cidr": "::ffff:a00:1/7"}, -0.0E-1]} x`, `{"a.": 012}`)
	f.Fuzz(func(t *testing.T, pattern, event string) {
		p, err := Parse(pattern)
		if err != nil {
			if err.Error() == "" {
				t.Fatal("a refusal without a reason")
			}
			p, _ = Parse(`{"a": [{"exists": false}]}`)
		}
		_, _ = p.Match([]byte(event))
	})
}
