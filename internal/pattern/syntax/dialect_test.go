package syntax

import (
	"strings"
	"testing"
)

// names are the fields of a pattern, branches apart.
func names(p *Pattern) string {
	var branches []string
	for _, b := range p.Branches {
		var fields []string
		for _, f := range b {
			fields = append(fields, f.Name)
		}
		branches = append(branches, strings.Join(fields, " "))
	}
	return strings.Join(branches, ", ")
}

func TestALooseOrIsAFieldWhereItIsNoOr(t *testing.T) {
	for text, want := range map[string]string{
		`{"$or": [{"a": [1]}, {"b": [2]}]}`:                                   "a, b",
		`{"$or": ["x", "y"], "a": [1]}`:                                       "$or a",
		`{"$or": [{"prefix": "x"}, {"suffix": "y"}]}`:                         "$or",
		`{"$or": [{"exists": true}]}`:                                         "$or",
		`{"$or": {"a": [1]}}`:                                                 "$or.a",
		`{"x": {"$or": [{"a": [1]}, {"b": [2]}]}}`:                            "x.a, x.b",
		`{"$or": [{"a": [1]}, {"$or": [{"prefix": "x"}, {"exists": true}]}]}`: "a, $or",
		`{"$or": [{"a": [1]}, {"$or": [{"b": [1]}, {"c": [1]}]}]}`:            "a, b, c",
		`{"\u0024or": [{"a": [1]}, {"b": [2]}]}`:                              "a, b",
	} {
		p, err := Dialect{LooseOr: true}.Parse(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
		} else if got := names(p); got != want {
			t.Errorf("%s: fields %s, want %s", text, got, want)
		}
	}
}

func TestABrokenTextIsRefusedAlikeBesideALooseOr(t *testing.T) {
	for _, text := range []string{
		`{"$or": [{"a": [1]}, {"b": [2]`,
		`{"$or": [{"a": [1]}, {"b": tru}]}`,
		`{"$or": [{"a": [1]}, "\x"]}`,
		`{"$or": `,
		`{"$or": [}`,
	} {
		_, strict := Parse(text)
		_, loose := Dialect{LooseOr: true}.Parse(text)
		if strict == nil || loose == nil || strict.Error() != loose.Error() {
			t.Errorf("%s: refused with %v and %v", text, strict, loose)
		}
	}
}

func TestADialectChecksEveryFieldWithItsLevel(t *testing.T) {
	levels := map[string]int{}
	d := Dialect{Check: func(f *Field, level int) string {
		levels[f.Name] = level
		if f.Name == "bad" {
			return "No"
		}
		return ""
	}}
	if _, err := d.Parse(`{"a": [1], "b.c": [1], "d": {"e": {"f": [1]}, "$or": [{"g": [1]}, {"h": {"i": [1]}}]}}`); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]int{"a": 1, "b.c": 1, "d.e.f": 3, "d.g": 2, "d.h.i": 3} {
		if levels[name] != want {
			t.Errorf("%s is at level %d, want %d", name, levels[name], want)
		}
	}
	_, err := d.Parse(`{"bad": [1]}`)
	if err == nil || err.Error() != "No\n at [Source: (String)\"{\"bad\": [1]}\"; line: 1, column: 12]" {
		t.Errorf("refused with %v", err)
	}
}

func TestAFlatDialectRefusesAFieldInsideAnother(t *testing.T) {
	d := Dialect{Flat: "Not nested"}
	if _, err := d.Parse(`{"a.b": [1], "$or": [{"c": [1]}, {"d": [1]}]}`); err != nil {
		t.Error(err)
	}
	if _, err := d.Parse(`{"a": {"b": [1]}}`); err == nil || !strings.HasPrefix(err.Error(), "Not nested\n") {
		t.Errorf("refused with %v", err)
	}
}
