package explain

import (
	"fmt"
	"strings"

	"github.com/carillon-events/carillon/internal/pattern/syntax"
)

// whyText is about the operators that look at strings, given one.
func whyText(t *syntax.Test, v *value, accepted bool) string {
	is := phrase(t.Kind, accepted)
	if t.Kind == syntax.Wildcard {
		return fmt.Sprintf("%s %s %s%s", v.json(), is, quoted(glob(t.Globs[0])), missedPiece(t.Globs[0], v.text, accepted))
	}
	s := fmt.Sprintf("%s %s %s", v.json(), is, quoted(t.Text))
	if ignoresCase(t.Kind) {
		return s + ", whatever the case" + foldedOtherwise(t, v.text, accepted)
	}
	if !accepted && ifCaseWereIgnored(t, v) {
		s += ": it differs only in case"
	}
	return s
}

// phrase is the verb of a test.
func phrase(k syntax.Kind, accepted bool) string {
	does, is := " does not ", "is not"
	if accepted {
		does, is = "", "is"
	}
	verb := map[syntax.Kind]string{
		syntax.Prefix: "begin", syntax.PrefixFold: "begin", syntax.NotPrefix: "begin",
		syntax.Suffix: "end", syntax.SuffixFold: "end", syntax.NotSuffix: "end",
		syntax.Wildcard: "fit", syntax.NotWildcard: "fit",
	}[k]
	switch {
	case verb == "":
		return is
	case accepted:
		verb += "s"
	}
	if !strings.HasPrefix(verb, "fit") {
		verb += " with"
	}
	return strings.TrimSpace(does + verb)
}

func ignoresCase(k syntax.Kind) bool {
	return k == syntax.EqualFold || k == syntax.PrefixFold || k == syntax.SuffixFold
}

// ifCaseWereIgnored tells whether a prefix or suffix would be accepted then.
func ifCaseWereIgnored(t *syntax.Test, v *value) bool {
	other, ok := map[syntax.Kind]syntax.Kind{syntax.Prefix: syntax.PrefixFold, syntax.Suffix: syntax.SuffixFold}[t.Kind]
	if !ok || len(t.Text) > maxText || len(v.text) > maxText {
		return false
	}
	return accepts(ask(&syntax.Test{Kind: other, Text: t.Text}), v)
}

// foldedOtherwise is about text that is the same by Unicode's folding.
func foldedOtherwise(t *syntax.Test, text string, accepted bool) string {
	if t.Kind == syntax.EqualFold && !accepted && strings.EqualFold(t.Text, text) {
		return " (AWS takes the two cases of the pattern's character, not Unicode's)"
	}
	return ""
}

// missedPiece says which piece of a wildcard pattern is not there.
func missedPiece(g syntax.Glob, text string, accepted bool) string {
	last := len(g) - 1
	switch {
	case accepted || last == 0:
		return ""
	case !strings.HasPrefix(text, g[0]):
		return fmt.Sprintf(": it does not begin with %s", quoted(g[0]))
	case !strings.HasSuffix(text, g[last]):
		return fmt.Sprintf(": it does not end with %s", quoted(g[last]))
	}
	for _, piece := range g[1:last] {
		if !strings.Contains(text, piece) {
			return fmt.Sprintf(": there is no %s in it", quoted(piece))
		}
	}
	return ": the pieces do not come in this order, one after the other"
}

// whyNot is about anything-but.
func whyNot(t *syntax.Test, v *value, accepted bool) string {
	looksAt := isString
	if t.Kind == syntax.NotNumber {
		looksAt = isNumber
	}
	all := excluded(t)
	for i := range all[:min(len(all), 4)] {
		all[i] = clip(all[i], maxText)
	}
	switch {
	case v.kind != looksAt:
		return fmt.Sprintf("%s is not a %s, and only %ss are excluded", v.json(), looksAt, looksAt)
	case !accepted && (t.Kind == syntax.NotString || t.Kind == syntax.NotNumber):
		return v.json() + " is excluded"
	case !accepted:
		return fmt.Sprintf("%s %s %s, which is excluded", v.json(), phrase(t.Kind, true), offending(t, v))
	case len(all) == 1:
		return fmt.Sprintf("%s %s %s", v.json(), phrase(t.Kind, false), all[0])
	case t.Kind == syntax.NotString || t.Kind == syntax.NotNumber || t.Kind == syntax.NotEqualFold:
		return fmt.Sprintf("%s is none of %s", v.json(), listed(all, 3))
	}
	return fmt.Sprintf("%s %s any of %s", v.json(), phrase(t.Kind, false), listed(all, 3))
}

// offending is the excluded thing that a value is.
func offending(t *syntax.Test, v *value) string {
	all := excluded(t)
	for i := range all {
		one := syntax.Test{Kind: t.Kind}
		switch {
		case len(t.Texts) > 0:
			one.Texts = t.Texts[i : i+1]
		case len(t.Numbers) > 0:
			one.Numbers = t.Numbers[i : i+1]
		default:
			one.Globs = t.Globs[i : i+1]
		}
		if !accepts(ask(&one), v) {
			return clip(all[i], maxText)
		}
	}
	return "what the pattern names"
}
