package engine

import (
	"slices"
	"strings"

	"github.com/carillon-events/carillon/internal/pattern/syntax"
)

// Rule is a pattern ready to go into one Set.
type Rule struct {
	Owner any // what the caller knows it by

	subs  []*subrule // one for each way through the pattern's $or's
	place int32      // of the rule's mark, see Memory; while it is in a Set
	in    *Set
	// emptyKeys: some field of the pattern has an empty key, see value.
	emptyKeys bool
}

// subrule is one way through a rule's $or's: all fields must match.
type subrule struct {
	rule   *Rule
	number uint64 // of all in the Set
	fields []field
	access int // the field by which it is found; -1 where there is none, see access
}

// field is a path, and the tests of which one must hold.
type field struct {
	name   string // keys joined with dots
	path   int32
	absent bool // one of the tests is {"exists": false}
	tests  []test
}

// NewRule is a rule of that pattern.
func NewRule(p *syntax.Pattern, owner any) *Rule {
	r := &Rule{Owner: owner}
	for _, branch := range p.Branches {
		s := &subrule{rule: r, fields: make([]field, len(branch))}
		for i, f := range branch {
			s.fields[i] = newField(f)
			r.emptyKeys = r.emptyKeys || hasEmptyKey(f.Name)
		}
		r.subs = append(r.subs, s)
	}
	return r
}

func newField(f *syntax.Field) field {
	out := field{name: strings.Clone(f.Name), tests: make([]test, len(f.Tests))}
	for i := range f.Tests {
		out.tests[i] = newTest(&f.Tests[i])
	}
	out.absent = slices.ContainsFunc(f.Tests, func(t syntax.Test) bool { return t.Kind == syntax.Absent })
	return out
}

func (f *field) accepts(v *value) bool {
	for i := range f.tests {
		if f.tests[i].accepts(v) {
			return true
		}
	}
	return false
}

// exact is the strings of a field that accepts nothing else; nil if there are
// none, or more than most.
func (f *field) exact(most int) []string {
	if len(f.tests) > most {
		return nil
	}
	var all []string
	for i := range f.tests {
		if f.tests[i].kind != syntax.Equal {
			return nil
		}
		all = append(all, f.tests[i].text)
	}
	slices.Sort(all)
	return slices.Compact(all)
}
