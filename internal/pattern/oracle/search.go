package oracle

import (
	"encoding/binary"
	"slices"

	"github.com/carillon-events/carillon/internal/pattern/syntax"
)

// maxSteps bounds the comparisons of one match: less than a second. Real
// patterns and events need a few hundred, two fields of the elements of an
// array the square of its length.
const maxSteps = 1 << 24

// search looks for a way to match one branch after the other.
type search struct {
	event   *Event
	pattern *Pattern
	left    int // steps

	fields syntax.Branch
	// relevant has, for each field, the arrays that leaves of it and of later
	// fields come from: only these can still make a difference.
	relevant []map[int]bool
	failed   map[string]bool // see key
}

func (s *search) branch(fields syntax.Branch) (bool, error) {
	s.fields, s.failed = fields, map[string]bool{}
	s.relevant = make([]map[int]bool, len(fields)+1)
	s.relevant[len(fields)] = map[int]bool{}
	for i := len(fields) - 1; i >= 0; i-- {
		s.relevant[i] = s.relevant[i+1]
		for _, l := range s.leaves(fields[i].Name) {
			for _, e := range l.from {
				if !s.relevant[i][e.array] {
					s.relevant[i] = withKey(s.relevant[i], e.array)
				}
			}
		}
	}
	return s.from(0, nil)
}

func withKey(m map[int]bool, key int) map[int]bool {
	out := make(map[int]bool, len(m)+1)
	for k := range m {
		out[k] = true
	}
	out[key] = true
	return out
}

// leaves are the event's leaves at a path, in order.
func (s *search) leaves(path string) []*leaf {
	all := s.event.leaves[path]
	if s.pattern.emptyKeys || !s.event.emptyKeys {
		return all
	}
	var out []*leaf
	for _, l := range all {
		if !l.emptyKey {
			out = append(out, l)
		}
	}
	return out
}

// from tells whether the fields from i on can be matched, when the elements in
// chosen are taken.
func (s *search) from(i int, chosen []element) (bool, error) {
	if i == len(s.fields) {
		return true, nil
	}
	key := s.key(i, chosen)
	if s.failed[key] {
		return false, nil
	}
	ok, err := s.field(i, chosen)
	if !ok {
		s.failed[key] = true
	}
	return ok, err
}

func (s *search) field(i int, chosen []element) (bool, error) {
	f := s.fields[i]
	if absent(f) && !slices.ContainsFunc(s.leaves(f.Name), func(l *leaf) bool {
		_, ok := choose(chosen, l.from)
		return ok
	}) {
		if ok, err := s.from(i+1, chosen); ok || err != nil {
			return ok, err
		}
	}
	for _, l := range s.leaves(f.Name) {
		if s.left--; s.left < 0 {
			return false, ErrTooComplex
		}
		next, ok := choose(chosen, l.from)
		if !ok || !matches(f, l) {
			continue
		}
		if ok, err := s.from(i+1, next); ok || err != nil {
			return ok, err
		}
	}
	return false, nil
}

func absent(f *syntax.Field) bool {
	return slices.ContainsFunc(f.Tests, func(t syntax.Test) bool { return t.Kind == syntax.Absent })
}

// choose adds the elements that a leaf came from to those chosen before; not
// ok where that would take two elements of one array.
func choose(chosen, from []element) (all []element, ok bool) {
	all = chosen[:len(chosen):len(chosen)]
	for _, e := range from {
		i := slices.IndexFunc(chosen, func(c element) bool { return c.array == e.array })
		if i < 0 {
			all = append(all, e)
		} else if chosen[i].index != e.index {
			return nil, false
		}
	}
	return all, true
}

// key says what decides whether from succeeds: the field, and the chosen
// elements of those arrays that still matter.
func (s *search) key(i int, chosen []element) string {
	var still []element
	for _, e := range chosen {
		if s.relevant[i][e.array] {
			still = append(still, e)
		}
	}
	slices.SortFunc(still, func(a, b element) int { return a.array - b.array })
	key := binary.AppendUvarint(nil, uint64(i))
	for _, e := range still {
		key = binary.AppendUvarint(binary.AppendUvarint(key, uint64(e.array)), uint64(e.index))
	}
	return string(key)
}
