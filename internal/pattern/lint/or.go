package lint

import (
	"fmt"
	"slices"

	"github.com/carillon-events/carillon/internal/pattern/syntax"
)

// maxCompareBranches is how many branches are compared with each other.
const maxCompareBranches = 64

// alternatives warns of alternatives of a $or that match nothing which another
// does not match too, and returns them. The later of two equal ones is told.
func (l *linter) alternatives() (gone map[*alternative]bool) {
	gone = map[*alternative]bool{}
	if len(l.pattern.branches) > maxCompareBranches {
		return gone
	}
	for _, o := range slices.Backward(l.pattern.ors) {
		for _, a := range slices.Backward(o.alternatives) {
			by, ok := l.coveredBy(a, gone)
			if !ok {
				continue
			}
			gone[a] = true
			w := Warning{Code: "redundant-alternative", Level: NoEffect, Path: pathOf(o.path, "$or")}
			w.Message = fmt.Sprintf("alternative %d adds nothing: what it matches, the pattern matches without it", a.number)
			if by != nil {
				w.Message = fmt.Sprintf("alternative %d adds nothing: alternative %d matches all of it", a.number, by.number)
			}
			l.warn(w)
		}
	}
	return gone
}

// coveredBy tells whether every branch through a is covered by a branch that
// avoids a and what is gone already; by is the alternative of the same $or that
// all these go through.
func (l *linter) coveredBy(a *alternative, gone map[*alternative]bool) (by *alternative, ok bool) {
	avoids := func(b *branch) bool {
		return !slices.ContainsFunc(b.through, func(t *alternative) bool { return t == a || gone[t] })
	}
	found := 0
	for _, b := range l.pattern.branches {
		if !slices.Contains(b.through, a) {
			continue
		}
		i := slices.IndexFunc(l.pattern.branches, func(wide *branch) bool { return avoids(wide) && l.wider(wide, b) })
		if i < 0 {
			return nil, false
		}
		in := l.pattern.branches[i].at(a.or)
		if found++; found > 1 && in != by {
			in = nil
		}
		by = in
	}
	return by, found > 0
}

// at is the alternative of a $or that the branch goes through.
func (b *branch) at(o *or) *alternative {
	for _, a := range b.through {
		if a.or == o {
			return a
		}
	}
	return nil
}

// wider tells whether a matches whatever b matches. Where a asks for absence, it
// must have the same fields: absence depends on what the others take.
func (l *linter) wider(a, b *branch) bool {
	if len(a.fields) > len(b.fields) {
		return false
	}
	for name, f := range a.fields {
		g := b.fields[name]
		if g == nil || !l.spend(1) || f.wants(syntax.Absent) && len(a.fields) != len(b.fields) || !l.widerField(f, g) {
			return false
		}
	}
	return true
}

func (l *linter) widerField(f, g *field) bool {
	if f == g {
		return true
	}
	for i := range g.tests {
		if !slices.ContainsFunc(f.tests, func(t test) bool { return l.spend(1) && covers(&t.Test, &g.tests[i].Test) }) {
			return false
		}
	}
	return true
}
