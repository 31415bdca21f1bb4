package explain

import (
	"encoding/binary"
	"slices"
)

// search looks for values, one for each field and all from the same element of
// an array that they share. It takes the fields in order, as the oracle does,
// and remembers how far it came.
type search struct {
	fields []*field
	worth  [][]int     // by field: the values that can make a difference
	left   *int        // steps
	last   map[int]int // the last field that has values of an array: later it does not matter what was chosen
	failed map[string]bool
	far    int      // the first field that no way went past
	taken  []*value // by field, nil for an absent one; of the way that is being tried
	gaveUp bool
}

// combine searches; taken is by field if found. Of fields that were not judged
// nothing can be said: gaveUp.
func combine(fields []*field, left *int) (s *search, found bool) {
	s = &search{fields: fields, left: left, last: map[int]int{}, failed: map[string]bool{}, taken: make([]*value, len(fields))}
	for i, f := range fields {
		if !f.judged {
			s.gaveUp = true
			return s, false
		}
		s.worth = append(s.worth, f.worth())
		for _, j := range s.worth[i] {
			for _, e := range f.values[j].from {
				s.last[e.array] = i
			}
		}
	}
	return s, s.from(0, nil)
}

// worth is which values can make a difference: those that are accepted, and
// where absence is asked for, all.
func (f *field) worth() []int {
	var out []int
	for j, ok := range f.accepted {
		if ok || f.absent {
			out = append(out, j)
		}
	}
	return out
}

func (s *search) from(i int, chosen []element) bool {
	s.far = max(s.far, i)
	if i == len(s.fields) {
		return true
	}
	chosen = s.mattering(i, chosen)
	key := choiceKey(i, chosen)
	if s.failed[key] {
		return false
	}
	if s.field(i, chosen) {
		return true
	}
	s.failed[key] = true
	return false
}

func (s *search) field(i int, chosen []element) bool {
	f := s.fields[i]
	present := false
	for _, j := range s.worth[i] {
		if *s.left -= 1 + len(chosen); *s.left < 0 {
			s.gaveUp = true
			return false
		}
		v := f.values[j]
		next, ok := choose(chosen, v.from)
		if !ok {
			continue
		}
		present = true
		if !f.accepted[j] {
			continue
		}
		s.taken[i] = v
		if s.from(i+1, next) {
			return true
		}
		if s.gaveUp {
			return false
		}
	}
	if f.absent && !present {
		s.taken[i] = nil
		return s.from(i+1, chosen)
	}
	return false
}

// choose adds elements to those chosen, which are in the order of their arrays;
// not ok where that takes two of one array.
func choose(chosen, from []element) (all []element, ok bool) {
	all = chosen
	for _, e := range from {
		i, known := slices.BinarySearchFunc(all, e, func(a, b element) int { return a.array - b.array })
		switch {
		case known && all[i].index != e.index:
			return nil, false
		case !known:
			all = slices.Insert(slices.Clone(all), i, e)
		}
	}
	return all, true
}

// mattering leaves out the chosen elements of arrays that no field from i on has
// values of.
func (s *search) mattering(i int, chosen []element) []element {
	gone := func(e element) bool { return s.last[e.array] < i }
	if !slices.ContainsFunc(chosen, gone) {
		return chosen
	}
	return slices.DeleteFunc(slices.Clone(chosen), gone)
}

// choiceKey says what decides whether from succeeds: the field, and what was chosen.
func choiceKey(i int, chosen []element) string {
	key := binary.AppendUvarint(nil, uint64(i))
	for _, e := range chosen {
		key = binary.AppendUvarint(binary.AppendUvarint(key, uint64(e.array)), uint64(e.index))
	}
	return string(key)
}
