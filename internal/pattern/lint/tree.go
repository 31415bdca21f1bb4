package lint

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/carillon-events/carillon/internal/pattern/syntax"
)

// tree is a pattern with what syntax.Pattern leaves out: fields that others
// overwrite, and which way through the $or's a branch is. A property holds that
// it has the branches that syntax finds.
type tree struct {
	fields   []*field  // in the order of the text
	branches []*branch // as syntax orders them
	clashes  []clash
	ors      []*or
}

// field is one list of tests.
type field struct {
	name  string   // keys joined with dots
	keys  []string // as they are written
	tests []test
	alt   *alternative // the innermost that it stands in, or nil
	lives int          // branches that it is in
}

func (f *field) overwritten() bool { return f.lives == 0 }

// wants tells whether one of the tests is of the kind.
func (f *field) wants(k syntax.Kind) bool {
	for i := range f.tests {
		if f.tests[i].Kind == k {
			return true
		}
	}
	return false
}

// test is one test, and its text.
type test struct {
	syntax.Test
	raw string
}

// branch is one way through the $or's.
type branch struct {
	fields  map[string]*field
	through []*alternative
}

// or is a $or, and alternative one of its objects.
type or struct {
	path         string
	alternatives []*alternative
}

type alternative struct {
	or     *or
	number int // from 1
	in     *alternative
}

func (a *alternative) String() string {
	return fmt.Sprintf("alternative %d of %s", a.number, pathOf(a.or.path, "$or"))
}

func pathOf(above, key string) string { return clip(above, maxPath) + key }

// clash is a field that another one overwrites in some branch.
type clash struct{ before, after *field }

type treeReader struct {
	text string
	in   *json.Decoder
	tree *tree
	seen map[clash]bool
}

func readTree(text string) (*tree, error) {
	r := &treeReader{text: text, in: json.NewDecoder(strings.NewReader(text)), tree: &tree{}, seen: map[clash]bool{}}
	r.in.UseNumber()
	if _, err := r.in.Token(); err != nil {
		return nil, err
	}
	if err := r.object("", nil, nil); err != nil {
		return nil, err
	}
	for _, b := range r.tree.branches {
		for _, f := range b.fields {
			f.lives++
		}
	}
	return r.tree, nil
}

// object reads the members of an object whose brace was read.
func (r *treeReader) object(path string, keys []string, alt *alternative) error {
	for r.in.More() {
		t, err := r.in.Token()
		if err != nil {
			return err
		}
		key, _ := t.(string)
		if t, err = r.in.Token(); err != nil {
			return err
		}
		below := append(keys[:len(keys):len(keys)], key)
		switch {
		case key == "$or":
			err = r.or(path, keys, alt)
		case t == json.Delim('{'):
			err = r.object(path+key+".", below, alt)
		default:
			err = r.field(path+key, below, alt)
		}
		if err != nil {
			return err
		}
	}
	_, err := r.in.Token()
	return err
}

// or reads a $or as syntax does: each alternative goes on from the branches that
// there were before it.
func (r *treeReader) or(path string, keys []string, alt *alternative) error {
	before := r.tree.branches
	if len(before) == 0 {
		before = []*branch{{}}
	}
	o := &or{path: path}
	r.tree.ors = append(r.tree.ors, o)
	var all []*branch
	for r.in.More() {
		if _, err := r.in.Token(); err != nil {
			return err
		}
		a := &alternative{or: o, number: len(o.alternatives) + 1, in: alt}
		o.alternatives = append(o.alternatives, a)
		r.tree.branches = nil
		for _, b := range before {
			r.tree.branches = append(r.tree.branches, b.into(a))
		}
		if err := r.object(path, keys, a); err != nil {
			return err
		}
		all = append(all, r.tree.branches...)
	}
	r.tree.branches = all
	_, err := r.in.Token()
	return err
}

func (b *branch) into(a *alternative) *branch {
	out := &branch{fields: make(map[string]*field, len(b.fields)+1), through: append(b.through[:len(b.through):len(b.through)], a)}
	for name, f := range b.fields {
		out.fields[name] = f
	}
	return out
}

// field reads a list of tests, whose bracket was read, into all branches.
func (r *treeReader) field(name string, keys []string, alt *alternative) error {
	f := &field{name: name, keys: keys, alt: alt}
	start := int(r.in.InputOffset()) - 1
	for r.in.More() {
		from := int(r.in.InputOffset())
		var raw json.RawMessage
		if err := r.in.Decode(&raw); err != nil {
			return err
		}
		text := r.text[from:r.in.InputOffset()]
		f.tests = append(f.tests, test{raw: strings.TrimLeft(text, ", \t\r\n")})
	}
	if _, err := r.in.Token(); err != nil {
		return err
	}
	p, err := syntax.Parse(`{"v":` + r.text[start:r.in.InputOffset()] + `}`)
	if err != nil {
		return err
	}
	for i, t := range p.Branches[0][0].Tests {
		f.tests[i].Test = t
	}
	r.tree.fields = append(r.tree.fields, f)
	if len(r.tree.branches) == 0 {
		r.tree.branches = []*branch{{}}
	}
	for _, b := range r.tree.branches {
		if b.fields == nil {
			b.fields = map[string]*field{}
		}
		if c := (clash{b.fields[name], f}); c.before != nil && !r.seen[c] {
			r.seen[c] = true
			r.tree.clashes = append(r.tree.clashes, c)
		}
		b.fields[name] = f
	}
	return nil
}
