package filterpolicy

import (
	"math"
	"strconv"

	"github.com/carillon-events/carillon/internal/pattern/syntax"
)

// usage is what a policy takes of its limits.
type usage struct {
	limits Limits
	levels map[*syntax.Field]int
	keys   map[string]bool
	points int // of wildcards
}

// add counts a field that was just read; the reason is why it is refused.
func (u *usage) add(f *syntax.Field, level int) (reason string) {
	u.levels[f] = level
	u.keys[f.Name] = true
	for _, t := range f.Tests {
		if !numbersWithin(t, u.limits.Number) {
			limit := strconv.FormatFloat(u.limits.Number, 'f', -1, 64)
			return "Value must be between -" + limit + " and " + limit
		}
		for _, g := range t.Globs {
			if wildcards(g) > u.limits.Wildcards {
				return "A pattern can not have more than " + strconv.Itoa(u.limits.Wildcards) + " wildcards"
			}
		}
	}
	u.points += wildcardPoints(f)
	return ""
}

// exceeded names the limit that the whole policy exceeds.
func (u *usage) exceeded(p *syntax.Pattern) (reason string) {
	switch {
	case len(u.keys) > u.limits.Keys:
		return "Filter policy can not have more than " + strconv.Itoa(u.limits.Keys) + " keys"
	case u.combinations(p) > u.limits.Combinations:
		return "Filter policy is too complex"
	case u.points > u.limits.WildcardPoints:
		return "Filter policy is too complex: its wildcards count " + strconv.Itoa(u.points) +
			" points, more than " + strconv.Itoa(u.limits.WildcardPoints)
	}
	return ""
}

// combinations is, for each way through the $or's, the product over the fields
// of how many values the field lists times the level it is nested at; and the
// sum of these. It stops counting above the limit.
func (u *usage) combinations(p *syntax.Pattern) int {
	sum := 0
	for _, branch := range p.Branches {
		product := 1
		for _, f := range branch {
			if product *= len(f.Tests) * u.levels[f]; product > u.limits.Combinations {
				return product
			}
		}
		if sum += product; sum > u.limits.Combinations {
			return sum
		}
	}
	return sum
}

// numbersWithin tells whether the numbers of a test are at most limit away
// from zero.
func numbersWithin(t syntax.Test, limit float64) bool {
	numbers := t.Numbers
	if t.Kind == syntax.Number {
		numbers = []syntax.Decimal{t.Number}
	}
	for _, n := range numbers {
		// What is beyond the doubles has no Value; this makes it infinite.
		if v, _ := strconv.ParseFloat(n.Text, 64); math.Abs(v) > limit {
			return false
		}
	}
	return math.Abs(t.Range.Low) <= limit && math.Abs(t.Range.High) <= limit
}

func wildcards(g syntax.Glob) int { return len(g) - 1 }

// wildcardPoints is what a field with wildcards counts: the points of all its
// tests, times how many tests it has. One wildcard in a pattern is one point,
// several are three each, and any other anything-but is one.
func wildcardPoints(f *syntax.Field) int {
	points, any := 0, false
	for _, t := range f.Tests {
		switch t.Kind {
		case syntax.Wildcard, syntax.NotWildcard:
			any = true
			for _, g := range t.Globs {
				if n := wildcards(g); n > 1 {
					points += 3 * n
				} else {
					points += n
				}
			}
		case syntax.NotString, syntax.NotNumber, syntax.NotPrefix, syntax.NotSuffix, syntax.NotEqualFold:
			points++
		}
	}
	if !any {
		return 0
	}
	return points * len(f.Tests)
}
