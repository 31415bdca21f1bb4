package lint

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/carillon-events/carillon/internal/pattern/syntax"
)

// overwritten warns of fields that the pattern says again.
func (l *linter) overwritten() {
	for _, c := range l.pattern.clashes {
		w := Warning{Code: "overwritten", Level: Likely, Path: c.before.name}
		if c.before.overwritten() {
			w.Level = NoEffect
		}
		switch {
		case c.before.alt == c.after.alt:
			w.Message = "the pattern has this field twice, and only the later one counts"
			w.Suggestion = "put all tests of the field in one list if one of them is enough; two that must both hold cannot be said of one field"
		case c.before.alt != nil && c.after.alt != c.before.alt && !c.after.within(c.before.alt):
			w.Message = "what a $or says of this field is overwritten by the field after it"
			w.Suggestion = "say it only in the alternatives, or only outside"
		default:
			w.Message = fmt.Sprintf("%s overwrites what the pattern says of this field outside: there only the alternative's tests count", c.after.alt)
			w.Suggestion = "both do not add up: repeat in the alternative what must hold there too"
		}
		l.warn(w)
	}
}

// within tells whether the field stands in the alternative.
func (f *field) within(a *alternative) bool {
	for in := f.alt; in != nil; in = in.in {
		if in == a {
			return true
		}
	}
	return false
}

// ranges warns of numeric ranges with nothing in them, or nothing outside.
func (l *linter) ranges(f *field) {
	for i := range f.tests {
		t := &f.tests[i]
		if !emptyRange(&t.Test) {
			continue
		}
		l.warn(Warning{
			Code: "empty-range", Level: NoEffect, Path: f.name,
			Message: fmt.Sprintf("no number is in %s", shown(t)), Suggestion: "check the bounds",
		})
	}
	if allNumbers(f) {
		l.warn(Warning{
			Code: "every-number", Level: Likely, Path: f.name,
			Message:    "these ranges together leave out no number: a list is an or",
			Suggestion: `for both bounds at once write {"numeric": [">", a, "<", b]}`,
		})
	}
}

func emptyRange(t *syntax.Test) bool {
	if t.Kind != syntax.Range {
		return false
	}
	low, high := ends(t.Range)
	return low > high
}

// dead warns of a field that accepts nothing: the pattern, or a way through its
// $or's, never matches.
func (l *linter) dead(f *field) {
	if len(l.out) > maxWarnings {
		return
	}
	w := Warning{Code: "never-matches", Level: Never, Path: f.name, Message: "no value is accepted here, so the pattern never matches"}
	if l.pattern.alive() {
		w.Level = NoEffect
		w.Message = "no value is accepted here, so this way through $or never matches"
	}
	l.warn(w)
}

// alive tells whether some branch has no field that accepts nothing.
func (t *tree) alive() bool {
	return slices.ContainsFunc(t.branches, func(b *branch) bool {
		for _, f := range b.fields {
			if f.dead() {
				return false
			}
		}
		return true
	})
}

// dead tells whether the field accepts nothing.
func (f *field) dead() bool {
	return !slices.ContainsFunc(f.tests, func(t test) bool { return !emptyRange(&t.Test) })
}

// allNumbers tells whether several ranges leave no number out.
func allNumbers(f *field) bool {
	var all []syntax.Bounds
	for _, t := range f.tests {
		if t.Kind == syntax.Range {
			all = append(all, t.Range)
		}
	}
	slices.SortFunc(all, func(a, b syntax.Bounds) int {
		aLow, _ := ends(a)
		bLow, _ := ends(b)
		switch {
		case aLow < bLow:
			return -1
		case aLow > bLow:
			return 1
		}
		return 0
	})
	next := -math.MaxFloat64 // the least number that is not covered yet
	for _, b := range all {
		low, high := ends(b)
		if low > next {
			return false
		}
		next = max(next, math.Nextafter(high, math.Inf(1)))
	}
	return len(all) > 1 && math.IsInf(next, 1)
}

// maxCompared is how many tests of a field are compared with each other.
const maxCompared = 128

// redundant warns of tests that others make needless.
func (l *linter) redundant(f *field) {
	n := min(len(f.tests), maxCompared)
	if l.always(f, n) {
		return
	}
	for i := range n {
		for j := range n {
			a, b := &f.tests[j], &f.tests[i]
			if i == j || emptyRange(&b.Test) || !l.spend(1) || !covers(&a.Test, &b.Test) {
				continue
			}
			both := covers(&b.Test, &a.Test)
			if both && j > i {
				continue // the later one is told
			}
			w := Warning{Code: "redundant-test", Level: NoEffect, Path: f.name}
			w.Message = fmt.Sprintf("%s adds nothing beside %s, which accepts all of it", shown(b), shown(a))
			if both {
				w.Code = "duplicate-test"
				w.Message = fmt.Sprintf("%s is there already", shown(b))
				if shown(a) != shown(b) {
					w.Message = fmt.Sprintf("%s is the same as %s", shown(b), shown(a))
				}
			} else if isNot(&a.Test) {
				w.Suggestion = "a list is an or: the anything-but alone lets it through"
			}
			l.warn(w)
			break
		}
	}
}

// always warns of two tests that together accept everything.
func (l *linter) always(f *field, n int) bool {
	for i := range n {
		for j := range n {
			a, b := &f.tests[i].Test, &f.tests[j].Test
			if i == j || !isNot(a) && a.Kind != syntax.Absent || !l.spend(1) {
				continue
			}
			if a.Kind == syntax.Absent && b.Kind == syntax.Exists {
				l.warn(Warning{
					Code: "always-matches", Level: NoEffect, Path: f.name,
					Message: "the field may be there or not: this is always true", Suggestion: "leave the field out",
				})
				return true
			}
			if everything(a, b) {
				w := Warning{Code: "always-matches", Level: NoEffect, Path: f.name}
				w.Message = fmt.Sprintf("%s or %s is true of every value: only that there is one counts", shown(&f.tests[min(i, j)]), shown(&f.tests[max(i, j)]))
				w.Suggestion = `a list is an or; to exclude several values write {"anything-but": ["a", "b"]}`
				l.warn(w)
				return true
			}
		}
	}
	return false
}

// nested warns of a field and a field below it that are both wanted.
func (l *linter) nested() {
	for _, b := range l.pattern.branches {
		for _, inner := range l.pattern.fields { // in the order of the text
			if b.fields[inner.name] != inner || inner.wants(syntax.Absent) {
				continue
			}
			for i := 0; i < len(inner.name); i++ {
				if inner.name[i] != '.' {
					continue
				}
				if !l.spend(1) {
					return
				}
				if outer := b.fields[inner.name[:i]]; outer != nil {
					l.nestedPair(outer, inner)
				}
			}
		}
	}
}

func (l *linter) nestedPair(outer, inner *field) {
	w := Warning{Level: Likely, Path: outer.name}
	name := clip(inner.name, maxPath)
	switch {
	case !outer.wants(syntax.Absent):
		w.Code = "value-and-object"
		w.Message = fmt.Sprintf("the pattern wants a value here and also %s: a field is a value or an object, so that only arrays that hold both can match", name)
	case len(outer.tests) == 1:
		w.Code = "absent-and-below"
		w.Message = fmt.Sprintf("exists: false is true here whenever %s is there, since an object counts as missing", name)
		w.Suggestion = "leave it out, or ask it of a field that holds a value"
	default:
		return
	}
	l.warn(w)
}

// keys warns of keys that look like something else.
func (l *linter) keys(f *field) {
	for i, key := range f.keys {
		path := strings.Join(f.keys[:i+1], ".")
		switch {
		case key == "" && len(f.keys) > 1:
			l.warn(Warning{Code: "empty-key", Level: Likely, Path: path, Message: "AWS does not look below an empty key inside an object"})
		case i > 0 && slices.Contains(operators, key):
			l.warn(Warning{
				Code: "operator-as-field", Level: Likely, Path: path,
				Message:    fmt.Sprintf("%q is taken for a field's name here, not for the operator", key),
				Suggestion: fmt.Sprintf(`operators stand in the list: "%s": [{"%s": …}]`, clip(f.keys[i-1], maxText), key),
			})
		case strings.HasPrefix(key, "$"):
			l.warn(Warning{
				Code: "dollar-key", Level: Likely, Path: path,
				Message:    fmt.Sprintf("%q is taken for a field's name: the only such operator is $or", clip(key, maxText)),
				Suggestion: "fields of one object must all match; alternatives stand in $or",
			})
		}
	}
}
