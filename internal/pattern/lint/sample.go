package lint

import (
	"fmt"
	"slices"
	"strings"

	"github.com/carillon-events/carillon/internal/pattern/explain"
	"github.com/carillon-events/carillon/internal/pattern/syntax"
)

// LintAgainst lints a pattern and compares it with sample events: which of its
// fields they have, and of what type. It fails if a sample is no JSON object.
func LintAgainst(pattern string, samples ...[]byte) ([]Warning, error) {
	events := make([]*explain.Event, len(samples))
	for i, s := range samples {
		e, err := explain.Read(s)
		if err != nil {
			return nil, fmt.Errorf("sample %d: %w", i+1, err)
		}
		events[i] = e
	}
	l, failed := read(pattern)
	if failed != nil {
		return failed, nil
	}
	l.all()
	if len(events) > 0 {
		for _, f := range l.pattern.fields {
			if !f.overwritten() {
				l.against(f, events)
			}
		}
	}
	return l.sorted(), nil
}

// against compares a field with the samples.
func (l *linter) against(f *field, events []*explain.Event) {
	var types []string
	for _, e := range events {
		for _, t := range e.Types(f.name) {
			if !slices.Contains(types, t) {
				types = append(types, t)
			}
		}
	}
	if len(types) == 0 {
		l.unseen(f, events)
		return
	}
	wanted := wantedTypes(f)
	if len(wanted) == 0 || slices.ContainsFunc(wanted, func(t string) bool { return slices.Contains(types, t) }) {
		return
	}
	w := Warning{Code: "sample-type", Level: Likely, Path: f.name}
	w.Message = fmt.Sprintf("the pattern wants a %s, and the samples have a %s here", strings.Join(wanted, " or "), strings.Join(types, " or "))
	if len(f.tests) == 1 {
		w.Suggestion = otherType(&f.tests[0], types[0])
	}
	l.warn(w)
}

// wantedTypes are the JSON types that a field accepts; none if it is not choosy.
func wantedTypes(f *field) []string {
	var out []string
	for i := range f.tests {
		t := wantedType(&f.tests[i].Test)
		if t == "" {
			return nil
		}
		if !slices.Contains(out, t) {
			out = append(out, t)
		}
	}
	return out
}

// otherType is the test for a value of the other type.
func otherType(t *test, seen string) string {
	switch {
	case t.Kind == syntax.Number && seen == "string":
		return fmt.Sprintf("write %q", t.raw)
	case t.Kind == syntax.Equal && seen == "number" && isNumber(t.Text):
		return "write " + t.Text
	case t.Kind == syntax.Equal && seen == "boolean" && (t.Text == "true" || t.Text == "false"):
		return "write " + t.Text
	case t.Kind == syntax.Range:
		return "numeric compares only numbers: send the field as a number, or match its text"
	}
	return ""
}

// unseen is about a field that no sample has.
func (l *linter) unseen(f *field, events []*explain.Event) {
	for _, e := range events {
		if near, ok := e.Near(f.name); ok {
			l.warn(Warning{
				Code: "sample-name", Level: Likely, Path: f.name,
				Message:    fmt.Sprintf("no sample has this field; they have %s", clip(near, maxPath)),
				Suggestion: fmt.Sprintf("write %q", clip(near[strings.LastIndexByte(near, '.')+1:], maxText)),
			})
			return
		}
	}
	if f.wants(syntax.Absent) {
		return
	}
	w := Warning{Code: "sample-missing", Level: Likely, Path: f.name, Message: "the sample does not have this field"}
	if len(events) > 1 {
		w.Message = fmt.Sprintf("none of the %d samples has this field", len(events))
	}
	w.Suggestion = events[0].Hint(f.name)
	l.warn(w)
}
