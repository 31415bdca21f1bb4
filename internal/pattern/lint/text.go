package lint

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strings"

	"github.com/carillon-events/carillon/internal/pattern/explain"
	"github.com/carillon-events/carillon/internal/pattern/syntax"
)

// text warns of strings that look like something else.
func (l *linter) text(f *field, t *test) {
	switch t.Kind {
	case syntax.IP:
		l.block(f, t)
	case syntax.Wildcard, syntax.NotWildcard:
		for _, g := range t.Globs {
			l.wildcard(f, g)
		}
	case syntax.Equal:
		l.number(f, t)
		l.exact(f, t.Text)
	case syntax.NotString:
		for _, s := range t.Texts {
			l.exact(f, s)
		}
	case syntax.Prefix, syntax.Suffix:
		l.affix(f, t.Kind, t.Text)
	case syntax.NotPrefix, syntax.NotSuffix:
		for _, s := range t.Texts {
			l.affix(f, t.Kind, s)
		}
	}
}

// likely warns of a text; %s in message is it, quoted.
func (l *linter) likely(code string, f *field, message, text, suggestion string) {
	l.warn(Warning{
		Code: code, Level: Likely, Path: f.name,
		Message: fmt.Sprintf(message, quoted(text)), Suggestion: suggestion,
	})
}

func quoted(s string) string {
	t := syntax.Test{Kind: syntax.Equal, Text: clip(s, maxText)}
	return explain.Render(&t)
}

// regex are signs that a text is a regular expression: an anchor with something
// after it, a repeated dot, a class of characters.
var regex = regexp.MustCompile(`^\^.|\.[*+]|\\[dws]|\[[a-z]-[a-z]|\[[A-Z]-[A-Z]|\[0-9|\(\?`)

// exact warns of a text that is compared whole.
func (l *linter) exact(f *field, text string) {
	switch {
	case regex.MatchString(text):
		l.likely("regex", f, "%s looks like a regular expression, and is compared as it stands", text, `patterns have "prefix", "suffix" and "wildcard"`)
	case text == "*":
		l.likely("star", f, "%s stands for itself", text, `for any value write {"exists": true}`)
	case strings.Contains(text, "*"):
		l.likely("star", f, "* stands for itself in %s", text, fmt.Sprintf(`write {"wildcard": %s}`, quoted(text)))
	case strings.TrimSpace(text) != text:
		l.likely("space", f, "%s has space around it, which counts", text, "")
	}
}

// affix warns of the text of a prefix or suffix.
func (l *linter) affix(f *field, k syntax.Kind, text string) {
	switch {
	case regex.MatchString(text):
		l.likely("regex", f, "%s looks like a regular expression, and is compared as it stands", text, "")
	case strings.Contains(text, "*"):
		without := strings.Trim(text, "*")
		suggestion := fmt.Sprintf(`write {"wildcard": %s}`, quoted(text))
		if (k == syntax.Prefix || k == syntax.Suffix) && !strings.Contains(without, "*") {
			suggestion = fmt.Sprintf("leave the * out: %s", quoted(without))
		}
		l.likely("star", f, "* stands for itself in %s", text, suggestion)
	}
}

// wildcard warns of a wildcard that is none, or means other wildcards.
func (l *linter) wildcard(f *field, g syntax.Glob) {
	text := strings.Join(g, "*")
	switch {
	case regex.MatchString(text):
		l.likely("regex", f, "%s looks like a regular expression: in a wildcard * alone is special", text, "")
	case strings.Contains(text, "?"):
		l.likely("question-mark", f, "? stands for itself in the wildcard %s", text, "only * is special, and stands for any number of characters")
	case len(g) == 1:
		l.likely("no-star", f, "the wildcard %s has no *, so it is an exact match", text, "write the text alone, or a * where anything may be")
	}
}

// number warns of a string that looks like a number or a literal, where the same
// is not there as such too.
func (l *linter) number(f *field, t *test) {
	if slices.Contains(envelope, f.name) || isAccount(t.Text) {
		return // those are strings
	}
	code := "looks-like-number"
	switch t.Text {
	case "true", "false", "null":
		code = "looks-like-literal"
	default:
		if len(t.Text) > 20 || !isNumber(t.Text) {
			return
		}
	}
	if slices.ContainsFunc(f.tests, func(other test) bool { return other.raw == t.Text }) {
		return
	}
	l.warn(Warning{
		Code: code, Level: Likely, Path: f.name,
		Message:    fmt.Sprintf("%q is a string, and never equals %s without quotes", t.Text, t.Text),
		Suggestion: fmt.Sprintf("write %s if the events have it so, or both", t.Text),
	})
}

func isNumber(s string) bool {
	var n json.Number
	return json.Unmarshal([]byte(s), &n) == nil && s != "" && s[0] != '"'
}

// block warns of a CIDR block whose address has bits that do not count.
func (l *linter) block(f *field, t *test) {
	var operator struct{ CIDR string }
	if json.Unmarshal([]byte(t.raw), &operator) != nil {
		return // an address
	}
	text, _, _ := strings.Cut(operator.CIDR, "/")
	if a, ok := syntax.ParseAddress(text); ok && a != t.IP.Low && a != (netip.Addr{}) {
		l.likely("host-bits", f, "%s has bits after the mask, which do not count", operator.CIDR, "the block is "+shown(t))
	}
}
