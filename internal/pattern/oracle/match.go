package oracle

import (
	"slices"
	"strings"

	"github.com/carillon-events/carillon/internal/pattern/syntax"
)

// matches tells whether one of a field's tests accepts the leaf.
func matches(f *syntax.Field, l *leaf) bool {
	return slices.ContainsFunc(f.Tests, func(t syntax.Test) bool { return accepts(&t, l) })
}

func accepts(t *syntax.Test, l *leaf) bool {
	switch t.Kind {
	case syntax.Exists:
		return true
	case syntax.Absent:
		return false
	case syntax.Literal:
		return l.kind == isLiteral && l.text == t.Text
	case syntax.Number:
		return l.kind == isNumber && l.number.Equal(t.Number)
	case syntax.Range:
		return l.kind == isNumber && l.number.Comparable && t.Range.Contains(l.number.Value)
	case syntax.NotNumber:
		return l.kind != isNumber || !slices.ContainsFunc(t.Numbers, l.number.Equal)
	case syntax.NotString, syntax.NotPrefix, syntax.NotSuffix, syntax.NotEqualFold, syntax.NotWildcard:
		return l.kind != isString || !excluded(t, l.text)
	}
	return l.kind == isString && acceptsString(t, l)
}

func acceptsString(t *syntax.Test, l *leaf) bool {
	switch t.Kind {
	case syntax.Equal:
		return l.text == t.Text
	case syntax.IP:
		return l.isIP && t.IP.Contains(l.ip)
	case syntax.Prefix:
		return strings.HasPrefix(l.text, t.Text)
	case syntax.Suffix:
		return strings.HasSuffix(l.text, t.Text)
	case syntax.EqualFold:
		return equalFold(t.Text, l.text)
	case syntax.PrefixFold:
		return len(foldEnds(t.Text, l.text, 0)) > 0
	case syntax.SuffixFold:
		return suffixFold(t.Text, l.text)
	case syntax.Wildcard:
		return glob(t.Globs[0], l.text)
	}
	panic("oracle: a test of unknown kind")
}

// excluded tells whether an anything-but names the string.
func excluded(t *syntax.Test, text string) bool {
	switch t.Kind {
	case syntax.NotString:
		return slices.Contains(t.Texts, text)
	case syntax.NotPrefix:
		return slices.ContainsFunc(t.Texts, func(s string) bool { return strings.HasPrefix(text, s) })
	case syntax.NotSuffix:
		return slices.ContainsFunc(t.Texts, func(s string) bool { return strings.HasSuffix(text, s) })
	case syntax.NotEqualFold:
		return slices.ContainsFunc(t.Texts, func(s string) bool { return equalFold(s, text) })
	case syntax.NotWildcard:
		return slices.ContainsFunc(t.Globs, func(g syntax.Glob) bool { return glob(g, text) })
	}
	panic("oracle: an exclusion of unknown kind")
}

func equalFold(pattern, text string) bool {
	return slices.Contains(foldEnds(pattern, text, 0), len(text))
}

func suffixFold(pattern, text string) bool {
	for start := range len(text) + 1 {
		if slices.Contains(foldEnds(pattern, text, start), len(text)) {
			return true
		}
	}
	return false
}

// foldEnds is where in text the pattern can end if it begins at start. The two
// forms of a character may differ in length, so there may be several ends.
func foldEnds(pattern, text string, start int) []int {
	ends := []int{start}
	for _, c := range pattern {
		lower, upper := syntax.Cases(c)
		var next []int
		for _, at := range ends {
			for _, form := range []string{lower, upper} {
				end := at + len(form)
				if strings.HasPrefix(text[at:], form) && !slices.Contains(next, end) {
					next = append(next, end)
				}
			}
		}
		ends = next
	}
	return ends
}

// glob takes each piece as early as it comes, the first at the beginning and
// the last at the end.
func glob(g syntax.Glob, text string) bool {
	last := len(g) - 1
	if last == 0 {
		return text == g[0]
	}
	rest, ok := strings.CutPrefix(text, g[0])
	if !ok {
		return false
	}
	for _, piece := range g[1:last] {
		_, after, found := strings.Cut(rest, piece)
		if !found {
			return false
		}
		rest = after
	}
	return strings.HasSuffix(rest, g[last])
}
