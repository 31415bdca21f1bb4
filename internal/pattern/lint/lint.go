// Package lint finds what is probably wrong with a pattern before it misses its
// first event.
//
// It owns what people get wrong, and says how sure it is. A warning of level
// Never or NoEffect is proven from the grammar and the tests' meaning, which the
// oracle gives wherever a single value is in question; properties hold that a
// pattern with a Never matches nothing, and that what has no effect can be left
// out. A warning of level Likely is experience: the pattern may be meant so.
//
// What an event of a bus looks like (detail-type, 12 digits of account) is
// experience too, since patterns also match other things, so Never is not said
// of it. It refuses nothing: a pattern that does not parse gets the one warning
// that says so.
//
// Its time and output are bounded: comparisons are counted, and so are warnings.
package lint

import (
	"fmt"
	"slices"
	"strings"

	"github.com/carillon-events/carillon/internal/pattern/explain"
	"github.com/carillon-events/carillon/internal/pattern/syntax"
)

// Level is how sure a warning is.
type Level string

// The levels.
const (
	Never    Level = "never"     // the pattern never matches, whatever the event
	NoEffect Level = "no-effect" // certain: this part could be left out
	Likely   Level = "likely"    // probably not what you mean
)

// Warning is one thing to look at.
type Warning struct {
	Code       string `json:"code"`
	Level      Level  `json:"level"`
	Path       string `json:"path,omitempty"` // of the field
	Message    string `json:"message"`
	Suggestion string `json:"suggestion,omitempty"`
}

// Certain tells whether the warning is proven.
func (w *Warning) Certain() bool { return w.Level != Likely }

// Limits.
const (
	maxWarnings = 100
	maxWork     = 1 << 18 // comparisons of two tests
	maxText     = 80      // bytes of the pattern's text in a message
	maxPath     = 200
)

// Lint reads a pattern and warns. Warnings come in the order of the pattern,
// those that are certain first.
func Lint(pattern string) []Warning {
	l, failed := read(pattern)
	if failed != nil {
		return failed
	}
	l.all()
	return l.sorted()
}

// linter gathers the warnings about one pattern.
type linter struct {
	pattern *tree
	work    int // left of maxWork
	out     []Warning
	said    map[Warning]bool
}

func read(pattern string) (*linter, []Warning) {
	if _, err := syntax.Parse(pattern); err != nil {
		return nil, []Warning{syntaxError(err)}
	}
	t, err := readTree(pattern)
	if err != nil { // syntax.Parse reads no other JSON
		panic("lint: a pattern that parses is not read: " + err.Error())
	}
	return &linter{pattern: t, work: maxWork, said: map[Warning]bool{}}, nil
}

func (l *linter) all() {
	for _, f := range l.pattern.fields { // first, since it must not be cut
		if !f.overwritten() && f.dead() {
			l.dead(f)
		}
	}
	l.overwritten()
	l.envelope()
	for _, f := range l.pattern.fields {
		if f.overwritten() {
			continue // nothing more matters of it
		}
		l.keys(f)
		l.ranges(f)
		l.redundant(f)
		for i := range f.tests {
			l.text(f, &f.tests[i])
		}
	}
	l.nested()
	l.alternatives()
}

// warn adds a warning, once.
func (l *linter) warn(w Warning) {
	w.Path = clip(w.Path, maxPath)
	if l.said[w] || len(l.out) > maxWarnings {
		return
	}
	if len(l.out) == maxWarnings {
		w = Warning{Code: "more", Level: Likely, Message: "there are more warnings: mend these first"}
	}
	l.said[w] = true
	l.out = append(l.out, w)
}

// spend tells whether there is work left for n comparisons.
func (l *linter) spend(n int) bool {
	l.work -= n
	return l.work >= 0
}

func (l *linter) sorted() []Warning {
	rank := map[Level]int{Never: 0, NoEffect: 1, Likely: 2}
	slices.SortStableFunc(l.out, func(a, b Warning) int { return rank[a.Level] - rank[b.Level] })
	return l.out
}

// clip cuts a pattern's own text for a message, between characters.
func clip(s string, most int) string {
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "…"
}

// shown is a test as a message quotes it.
func shown(t *test) string { return clip(explain.Render(&t.Test), maxText) }

// syntaxError is the refusal of a pattern, with help where the mistake is a
// common one.
func syntaxError(err error) Warning {
	w := Warning{Code: "syntax-error", Level: Never, Message: err.Error()}
	reason, _, _ := strings.Cut(err.Error(), "\n")
	switch {
	case strings.HasSuffix(reason, "must be an object or an array"):
		w.Suggestion = `values stand in a list: "name": ["value"]`
	case strings.HasPrefix(reason, "Unrecognized match type "):
		name := strings.TrimPrefix(reason, "Unrecognized match type ")
		w.Suggestion = "the operators are " + strings.Join(operators, ", ")
		for _, o := range operators {
			if explain.Plain(o) == explain.Plain(name) || explain.Misspelt(o, name) {
				w.Suggestion = fmt.Sprintf("write %q", o)
			}
		}
	case reason == "Bottom must be less than top":
		w.Suggestion = `a range that is one number is {"numeric": ["=", n]}`
	}
	return w
}

var operators = []string{"prefix", "suffix", "equals-ignore-case", "anything-but", "wildcard", "numeric", "cidr", "exists", "exactly"}
