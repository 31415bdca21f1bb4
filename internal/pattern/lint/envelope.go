package lint

import (
	"fmt"
	"slices"
	"strings"

	"github.com/carillon-events/carillon/internal/pattern/explain"
	"github.com/carillon-events/carillon/internal/pattern/syntax"
)

// envelope is the keys that every event of a bus has, but for replay-name, which
// those of a replay have, and cloudevent, which those have that came as one.
var envelope = []string{"version", "id", "detail-type", "source", "account", "time", "region", "resources", "detail", "replay-name", "cloudevent"}

// envelope warns of what cannot be in an event of a bus. Only Likely: patterns
// are also used for what comes out of queues and streams.
func (l *linter) envelope() {
	for _, f := range l.pattern.fields {
		if f.overwritten() {
			continue
		}
		top, below, nested := strings.Cut(f.name, ".")
		switch {
		case !slices.Contains(envelope, top):
			l.unknownKey(f, top)
		case top == "detail" && !nested:
			if !f.wants(syntax.Absent) {
				l.warn(Warning{
					Code: "envelope-type", Level: Likely, Path: f.name,
					Message: "detail is an object in every event, and tests look at single values", Suggestion: `name a key in it: "detail": {"key": […]}`,
				})
			}
		case top == "detail", top == "cloudevent" && nested:
		case nested && !f.wants(syntax.Absent):
			l.warn(Warning{
				Code: "envelope-type", Level: Likely, Path: f.name,
				Message: fmt.Sprintf("%s is no object in any event, so there is no %s in it", top, clip(below, maxText)),
			})
		case !nested:
			for i := range f.tests {
				l.envelopeValue(f, &f.tests[i])
			}
		}
	}
}

func (l *linter) unknownKey(f *field, top string) {
	w := Warning{Code: "unknown-key", Level: Likely, Path: top}
	w.Message = "events of a bus have no such key at the top, so this never matches one"
	if f.wants(syntax.Absent) {
		w.Message = "events of a bus have no such key at the top, so this is true of all of them"
	}
	w.Suggestion = fmt.Sprintf(`what the event is about stands in detail: "detail": {"%s": …}`, clip(top, maxText))
	for _, key := range envelope {
		if explain.Plain(key) == explain.Plain(top) || explain.Misspelt(key, top) {
			w.Suggestion = fmt.Sprintf("write %q", key)
		}
	}
	l.warn(w)
}

// envelopeValue warns of tests of a key of the envelope that no event satisfies,
// or only one.
func (l *linter) envelopeValue(f *field, t *test) {
	w := Warning{Level: Likely, Path: f.name}
	switch {
	case wantedType(&t.Test) != "" && wantedType(&t.Test) != "string":
		w.Code = "envelope-type"
		w.Message = fmt.Sprintf("%s is a string in every event, and %s accepts none", f.name, shown(t))
		if t.Kind == syntax.Number || t.Kind == syntax.Literal && t.Text != "null" {
			w.Suggestion = fmt.Sprintf("write %q", t.raw)
		}
	case t.Kind != syntax.Equal:
		return
	case f.name == "account" && !isAccount(t.Text):
		w.Code, w.Message = "account-format", fmt.Sprintf("an account has 12 digits, and %s does not", shown(t))
	case f.name == "region" && !isRegion(t.Text):
		w.Code, w.Message = "region-format", fmt.Sprintf("%s does not look like a region", shown(t))
		w.Suggestion = `regions look like "us-east-1"`
	case f.name == "version" && t.Text != "0":
		w.Code, w.Message, w.Suggestion = "version-value", `the version of every event is "0"`, "leave the field out"
	case f.name == "time":
		w.Code, w.Message = "exact-time", "a rule for one second: events are rarely that punctual"
		w.Suggestion = `for a day write {"prefix": "2026-11-21"}`
	case f.name == "id":
		w.Code, w.Message, w.Suggestion = "exact-id", "every event has an id of its own, so this matches one event at most", "leave the field out"
	default:
		return
	}
	l.warn(w)
}

// wantedType is the one JSON type that a test accepts, if it is one.
func wantedType(t *syntax.Test) string {
	switch t.Kind {
	case syntax.Number, syntax.Range:
		return "number"
	case syntax.Literal:
		if t.Text == "null" {
			return "null"
		}
		return "boolean"
	case syntax.Exists, syntax.Absent:
		return ""
	}
	if isNot(t) {
		return ""
	}
	return "string"
}

func isAccount(s string) bool { return len(s) == 12 && strings.Trim(s, "0123456789") == "" }

// isRegion tells whether s is words of letters and a digit at the end, joined
// with hyphens: us-east-1, us-gov-west-1.
func isRegion(s string) bool {
	parts := strings.Split(s, "-")
	for _, p := range parts[:len(parts)-1] {
		if p == "" || strings.Trim(p, "abcdefghijklmnopqrstuvwxyz") != "" {
			return false
		}
	}
	last := parts[len(parts)-1]
	return len(parts) >= 3 && last != "" && strings.Trim(last, "0123456789") == ""
}
