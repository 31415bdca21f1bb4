package lint

import (
	"encoding/json"
	"math"
	"slices"
	"strings"

	"github.com/carillon-events/carillon/internal/pattern/oracle"
	"github.com/carillon-events/carillon/internal/pattern/syntax"
)

// covers tells whether a accepts all that b accepts. It says no where it does
// not know.
func covers(a, b *syntax.Test) bool {
	if a.Kind == syntax.Absent || b.Kind == syntax.Absent {
		return a.Kind == b.Kind
	}
	if a.Kind == syntax.Exists || same(a, b) {
		return true
	}
	if size(a)+size(b) > maxSize {
		return false
	}
	switch b.Kind {
	case syntax.Equal:
		return acceptsText(a, b.Text)
	case syntax.Literal:
		return accepts(a, b.Text)
	case syntax.Number:
		return accepts(a, b.Number.Text)
	case syntax.Exists:
		return false
	}
	switch a.Kind {
	case syntax.NotString:
		return !slices.ContainsFunc(a.Texts, func(s string) bool { return acceptsText(b, s) })
	case syntax.NotNumber:
		return !slices.ContainsFunc(a.Numbers, func(n syntax.Decimal) bool { return accepts(b, n.Text) })
	}
	switch {
	case b.Kind == syntax.Range:
		return isNot(a) || a.Kind == syntax.Range && spans(a.Range, b.Range)
	case isNot(b):
		return coversNot(a, b)
	case everyString(a):
		return true
	}
	return coversStrings(a, b)
}

// maxSize is how much text two tests may have for a comparison, which may take its
// square.
const maxSize = 4096

func size(t *syntax.Test) int {
	n := len(t.Text) + 8*len(t.Numbers)
	for _, s := range t.Texts {
		n += 8 + len(s)
	}
	for _, g := range t.Globs {
		for _, piece := range g {
			n += 8 + len(piece)
		}
	}
	return n
}

// same tells whether two tests are written alike.
func same(a, b *syntax.Test) bool {
	if a.Kind != b.Kind || a.Text != b.Text || a.Range != b.Range || a.IP != b.IP || a.Number.Text != b.Number.Text {
		return false
	}
	return slices.Equal(a.Texts, b.Texts) && slices.Equal(a.Numbers, b.Numbers) && slices.EqualFunc(a.Globs, b.Globs, slices.Equal[syntax.Glob])
}

// isNot tells whether a test is an anything-but.
func isNot(t *syntax.Test) bool { return t.Kind >= syntax.NotString && t.Kind <= syntax.NotWildcard }

// everyString tells whether a test accepts every string.
func everyString(t *syntax.Test) bool {
	switch t.Kind {
	case syntax.Prefix, syntax.Suffix, syntax.PrefixFold, syntax.SuffixFold:
		return t.Text == ""
	case syntax.Wildcard:
		return len(t.Globs[0]) == 2 && t.Globs[0][0] == "" && t.Globs[0][1] == ""
	}
	return false
}

// coversStrings is about a b that accepts only strings, and many of them.
func coversStrings(a, b *syntax.Test) bool {
	switch a.Kind {
	case syntax.IP:
		return b.Kind == syntax.IP && a.IP.Contains(b.IP.Low) && a.IP.Contains(b.IP.High)
	case syntax.Prefix:
		start, ok := beginning(b)
		return ok && strings.HasPrefix(start, a.Text)
	case syntax.Suffix:
		end, ok := ending(b)
		return ok && strings.HasSuffix(end, a.Text)
	case syntax.Wildcard:
		g := a.Globs[0]
		return b.Kind == syntax.Prefix && len(g) > 1 && g[len(g)-1] == "" && acceptsText(a, b.Text) ||
			b.Kind == syntax.Suffix && len(g) > 1 && g[0] == "" && acceptsText(a, b.Text)
	case syntax.NotPrefix:
		start, ok := beginning(b)
		return ok && !slices.ContainsFunc(a.Texts, func(p string) bool {
			return strings.HasPrefix(p, start) || strings.HasPrefix(start, p)
		})
	case syntax.NotSuffix:
		end, ok := ending(b)
		return ok && !slices.ContainsFunc(a.Texts, func(s string) bool {
			return strings.HasSuffix(s, end) || strings.HasSuffix(end, s)
		})
	}
	return false
}

// beginning is what every string that the test accepts begins with, if that is
// all that can be said of their beginning.
func beginning(t *syntax.Test) (string, bool) {
	switch t.Kind {
	case syntax.Prefix:
		return t.Text, true
	case syntax.Wildcard:
		return t.Globs[0][0], true
	}
	return "", false
}

func ending(t *syntax.Test) (string, bool) {
	switch t.Kind {
	case syntax.Suffix:
		return t.Text, true
	case syntax.Wildcard:
		return t.Globs[0][len(t.Globs[0])-1], true
	}
	return "", false
}

// coversNot is about two anything-but's: a must exclude no more than b.
func coversNot(a, b *syntax.Test) bool {
	if a.Kind != b.Kind {
		return false
	}
	excludes := func(s string) func(string) bool {
		return func(t string) bool {
			return a.Kind == syntax.NotPrefix && strings.HasPrefix(s, t) || a.Kind == syntax.NotSuffix && strings.HasSuffix(s, t) || s == t
		}
	}
	for _, s := range a.Texts {
		if !slices.ContainsFunc(b.Texts, excludes(s)) {
			return false
		}
	}
	for _, g := range a.Globs {
		if !slices.ContainsFunc(b.Globs, func(h syntax.Glob) bool { return slices.Equal(g, h) }) {
			return false
		}
	}
	return true
}

// everything tells whether a and b together accept every value: what a excludes,
// b accepts. It says no where it does not know.
func everything(a, b *syntax.Test) bool {
	if !isNot(a) {
		return false
	}
	for _, excluded := range exclusions(a) {
		if !covers(b, &excluded) {
			return false
		}
	}
	return true
}

// exclusions are the tests for what an anything-but excludes.
func exclusions(t *syntax.Test) []syntax.Test {
	kind := map[syntax.Kind]syntax.Kind{
		syntax.NotString: syntax.Equal, syntax.NotPrefix: syntax.Prefix,
		syntax.NotSuffix: syntax.Suffix, syntax.NotEqualFold: syntax.EqualFold,
	}[t.Kind]
	var out []syntax.Test
	for _, s := range t.Texts {
		out = append(out, syntax.Test{Kind: kind, Text: s})
	}
	for _, n := range t.Numbers {
		out = append(out, syntax.Test{Kind: syntax.Number, Number: n})
	}
	for _, g := range t.Globs {
		out = append(out, syntax.Test{Kind: syntax.Wildcard, Globs: []syntax.Glob{g}})
	}
	return out
}

// accepts asks the oracle whether a test accepts a value, given as JSON.
func accepts(t *syntax.Test, value string) bool {
	f := &syntax.Field{Name: "v", Tests: []syntax.Test{*t}}
	ok, _ := oracle.New(&syntax.Pattern{Branches: []syntax.Branch{{f}}}).Match([]byte(`{"v":` + value + `}`))
	return ok
}

func acceptsText(t *syntax.Test, text string) bool {
	b, _ := json.Marshal(text) // a string is always written
	return accepts(t, string(b))
}

// ends are the least and the greatest number in a range; a range with no number
// in it has them the wrong way round.
func ends(b syntax.Bounds) (low, high float64) {
	low, high = -math.MaxFloat64, math.MaxFloat64
	if b.HasLow {
		low = b.Low
		if b.OpenLow {
			low = math.Nextafter(low, math.Inf(1))
		}
	}
	if b.HasHigh {
		high = b.High
		if b.OpenHigh {
			high = math.Nextafter(high, math.Inf(-1))
		}
	}
	return low, high
}

func spans(a, b syntax.Bounds) bool {
	aLow, aHigh := ends(a)
	bLow, bHigh := ends(b)
	return aLow <= bLow && bHigh <= aHigh
}
