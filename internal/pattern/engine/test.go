package engine

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/carillon-events/carillon/internal/pattern/syntax"
)

// test is a syntax.Test in the form in which it is checked: what most tests
// need beside each other, the rest behind a pointer.
type test struct {
	kind     syntax.Kind
	text     string  // Equal, Prefix, Suffix, Literal; a Number that is not comparable
	number   float64 // Number
	hasOrder bool    // of a Number: it is comparable
	more     *more
}

// more is what few tests need.
type more struct {
	bounds    syntax.Bounds
	addresses syntax.Addresses
	texts     []string // sorted, of NotString
	numbers   []float64
	folds     []fold
	globs     []syntax.Glob
}

// sizeOfTest is how much text the compiler keeps of it, at most.
func sizeOfTest(t *syntax.Test) int {
	size := len(t.Text) + len(t.Number.Text)
	for _, s := range t.Texts {
		size += len(s)
	}
	for _, g := range t.Globs {
		for _, piece := range g {
			size += len(piece)
		}
	}
	return size
}

func (c *compiler) test(t *syntax.Test) test {
	out := test{kind: t.Kind}
	switch t.Kind {
	case syntax.Number:
		out.number, out.hasOrder = t.Number.Value, t.Number.Comparable
		if !out.hasOrder {
			out.text = c.keep(t.Number.Text)
		}
	case syntax.Range:
		out.more = &more{bounds: t.Range}
	case syntax.IP:
		out.more = &more{addresses: t.IP}
	case syntax.EqualFold, syntax.PrefixFold, syntax.SuffixFold:
		out.more = &more{folds: []fold{newFold(t.Text)}}
	case syntax.Wildcard, syntax.NotWildcard:
		out.more = &more{}
		for _, g := range t.Globs {
			out.more.globs = append(out.more.globs, c.keepAll(g))
		}
	case syntax.NotString:
		out.more = &more{texts: c.keepAll(t.Texts)}
		slices.Sort(out.more.texts)
	case syntax.NotPrefix, syntax.NotSuffix:
		out.more = &more{texts: c.keepAll(t.Texts)}
	case syntax.NotEqualFold:
		out.more = &more{}
		for _, text := range t.Texts {
			out.more.folds = append(out.more.folds, newFold(text))
		}
	case syntax.NotNumber:
		out.more = &more{}
		for _, n := range t.Numbers { // all comparable, see syntax
			out.more.numbers = append(out.more.numbers, n.Value)
		}
	default:
		out.text = c.keep(t.Text)
	}
	return out
}

func (c *compiler) keepAll(texts []string) []string {
	out := make([]string, len(texts))
	for i, s := range texts {
		out[i] = c.keep(s)
	}
	return out
}

// accepts tells whether v passes the test.
func (t *test) accepts(v *value) bool {
	switch t.kind {
	case syntax.Equal:
		return v.kind == isString && v.text == t.text
	case syntax.Exists:
		return true
	case syntax.Absent:
		return false
	case syntax.Literal:
		return v.kind == isLiteral && v.text == t.text
	case syntax.Number, syntax.Range, syntax.NotNumber:
		return t.acceptsNumber(v)
	case syntax.NotString, syntax.NotPrefix, syntax.NotSuffix, syntax.NotEqualFold, syntax.NotWildcard:
		return v.kind != isString || !t.excludes(v.text)
	}
	return v.kind == isString && t.acceptsText(v.text)
}

func (t *test) acceptsNumber(v *value) bool {
	if v.kind != isNumber {
		return t.kind == syntax.NotNumber
	}
	if v.knows&knowsNumber == 0 {
		v.readNumber()
	}
	comparable := v.knows&isComparable != 0
	switch t.kind {
	case syntax.Number:
		if !t.hasOrder {
			return !comparable && v.text == t.text
		}
		return comparable && v.number == t.number
	case syntax.Range:
		return comparable && t.more.bounds.Contains(v.number)
	}
	return !comparable || !slices.Contains(t.more.numbers, v.number)
}

func (t *test) acceptsText(text string) bool {
	switch t.kind {
	case syntax.Prefix:
		return strings.HasPrefix(text, t.text)
	case syntax.Suffix:
		return strings.HasSuffix(text, t.text)
	case syntax.Wildcard:
		return matchGlob(t.more.globs[0], text)
	case syntax.EqualFold:
		return t.more.folds[0].equal(text)
	case syntax.PrefixFold:
		return t.more.folds[0].prefix(text)
	case syntax.SuffixFold:
		return t.more.folds[0].suffix(text)
	case syntax.IP:
		a, ok := address(text)
		return ok && t.more.addresses.Contains(a)
	}
	panic("engine: a test of unknown kind")
}

// excludes tells whether an anything-but names the string.
func (t *test) excludes(text string) bool {
	m := t.more
	switch t.kind {
	case syntax.NotString:
		if len(m.texts) <= 8 {
			return slices.ContainsFunc(m.texts, func(s string) bool { return s == text })
		}
		_, found := slices.BinarySearch(m.texts, text)
		return found
	case syntax.NotPrefix:
		return slices.ContainsFunc(m.texts, func(s string) bool { return strings.HasPrefix(text, s) })
	case syntax.NotSuffix:
		return slices.ContainsFunc(m.texts, func(s string) bool { return strings.HasSuffix(text, s) })
	case syntax.NotEqualFold:
		for i := range m.folds {
			if m.folds[i].equal(text) {
				return true
			}
		}
		return false
	case syntax.NotWildcard:
		return slices.ContainsFunc(m.globs, func(g syntax.Glob) bool { return matchGlob(g, text) })
	}
	panic("engine: an exclusion of unknown kind")
}

// address reads text as an IP address, if it may be one.
func address(text string) (a netip.Addr, ok bool) {
	if len(text) < 2 || len(text) > 45 {
		return a, false
	}
	if c := text[0]; c != ':' && c-'0' >= 10 && c|0x20-'a' >= 6 {
		return a, false
	}
	return syntax.ParseAddress(text)
}
