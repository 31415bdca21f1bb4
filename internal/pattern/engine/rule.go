package engine

import (
	"slices"
	"strings"

	"github.com/carillon-events/carillon/internal/pattern/syntax"
)

// Rule is a pattern ready to go into one Set.
type Rule struct {
	Owner any // what the caller knows it by

	subs  []subrule // one for each way through the pattern's $or's
	place int32     // of the rule's mark, see Memory, while it is in a Set; -1 with one subrule
	in    *Set
	gone  bool // it was in a Set
}

// subrule is one way through a rule's $or's: all fields must match.
type subrule struct {
	rule   *Rule
	fields []field
	place  int32  // the rule's
	access int32  // the field by which it is found, see choose
	number uint64 // of all in the Set
	// emptyKeys: some field of the pattern has an empty key, see value.
	emptyKeys bool
}

// field is a path, and the tests of which one must hold.
type field struct {
	tests  []test
	path   int32
	absent bool   // one of the tests is {"exists": false}
	name   string // keys joined with dots
}

// NewRule is a rule of that pattern.
func NewRule(p *syntax.Pattern, owner any) *Rule {
	r := &Rule{Owner: owner, subs: make([]subrule, len(p.Branches))}
	c := newCompiler(p)
	emptyKeys := false
	for i, branch := range p.Branches {
		r.subs[i] = subrule{rule: r, fields: c.fields[:len(branch):len(branch)]}
		c.fields = c.fields[len(branch):]
		for j, f := range branch {
			r.subs[i].fields[j] = c.field(f)
			emptyKeys = emptyKeys || hasEmptyKey(f.Name)
		}
	}
	for i := range r.subs {
		r.subs[i].emptyKeys = emptyKeys
	}
	return r
}

// compiler makes the parts of a rule lie beside each other: a match that comes
// to it for the first time in a while has few cache lines to wait for.
type compiler struct {
	fields []field
	tests  []test
	text   strings.Builder
	done   map[*syntax.Field]field // branches share fields
}

func newCompiler(p *syntax.Pattern) *compiler {
	c := &compiler{}
	fields, tests, size := 0, 0, 0
	seen := map[*syntax.Field]bool{}
	for _, branch := range p.Branches {
		fields += len(branch)
		for _, f := range branch {
			if seen[f] {
				continue
			}
			seen[f] = true
			size += len(f.Name)
			tests += len(f.Tests)
			for i := range f.Tests {
				size += sizeOfTest(&f.Tests[i])
			}
		}
	}
	c.fields, c.tests = make([]field, fields), make([]test, tests)
	c.text.Grow(size)
	if len(p.Branches) > 1 {
		c.done = map[*syntax.Field]field{}
	}
	return c
}

// keep is a copy of s among the rule's other texts.
func (c *compiler) keep(s string) string {
	begin := c.text.Len()
	c.text.WriteString(s)
	return c.text.String()[begin:]
}

func (c *compiler) field(f *syntax.Field) field {
	if out, ok := c.done[f]; ok {
		return out
	}
	n := len(f.Tests)
	out := field{name: c.keep(f.Name), tests: c.tests[:n:n]}
	c.tests = c.tests[n:]
	for i := range f.Tests {
		out.tests[i] = c.test(&f.Tests[i])
	}
	out.absent = slices.ContainsFunc(f.Tests, func(t syntax.Test) bool { return t.Kind == syntax.Absent })
	if c.done != nil {
		c.done[f] = out
	}
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
