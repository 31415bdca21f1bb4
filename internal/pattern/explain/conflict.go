package explain

import (
	"fmt"
	"slices"
)

// maxShrunk is how many fields a conflict may have for the search of fewer that
// conflict already.
const maxShrunk = 32

// conflict explains fields that cannot be satisfied together; all but the last
// can. None of them is hopeless.
func (x *explainer) conflict(fields []*field) *Conflict {
	last := fields[len(fields)-1]
	fields = x.shrink(fields)
	c := &Conflict{}
	var names []string
	for _, f := range fields {
		c.Fields = append(c.Fields, f.inConflict(f.absent && !f.alone))
		names = append(names, clip(c.Fields[len(c.Fields)-1].Path, maxText))
	}
	switch array := sharedArray(fields); {
	case last.absent && !last.alone:
		c.Message = fmt.Sprintf("%s must be missing, and is there in the array elements that the fields before it take", names[len(names)-1])
	case array != "":
		c.Message = fmt.Sprintf("%s match, but not within one element of %s", and(names), array)
	default:
		c.Message = fmt.Sprintf("%s match, but not within the same array elements", and(names))
	}
	if len(c.Fields) > maxFields {
		c.Fields = c.Fields[len(c.Fields)-maxFields:]
	}
	return c
}

// has tells whether a field is one of those in conflict.
func (c *Conflict) has(path string) bool {
	return c != nil && slices.ContainsFunc(c.Fields, func(f ConflictField) bool { return f.Path == path })
}

// conflictUnnamed is for a branch that is known not to match, and why is too
// much to find out.
func (x *explainer) conflictUnnamed(v *verdict) {
	v.undecided = false
	v.conflict = &Conflict{Message: "all fields match, but not within the same array elements; there are too many to say which"}
}

// shrink leaves out fields without which the others still conflict. Where
// absence is asked for that proves nothing, since it depends on what is chosen
// before; then it leaves out those that have no array in common with the last.
func (x *explainer) shrink(fields []*field) []*field {
	n := len(fields)
	if slices.ContainsFunc(fields, func(f *field) bool { return f.absent }) {
		return slices.DeleteFunc(slices.Clone(fields), func(f *field) bool { return f != fields[n-1] && !meet(f, fields[n-1]) })
	}
	if n > maxShrunk {
		return fields
	}
	kept := slices.Clone(fields)
	for i := n - 2; i >= 0 && len(kept) > 2; i-- {
		fewer := slices.Delete(slices.Clone(kept), i, i+1)
		if s, found := combine(fewer, &x.steps); !found && !s.gaveUp {
			kept = fewer
		}
	}
	return kept
}

// meet tells whether two fields have values from the same array.
func meet(a, b *field) bool {
	arrays := map[int]bool{}
	for _, v := range a.values {
		for _, e := range v.from {
			arrays[e.array] = true
		}
	}
	for _, v := range b.values {
		for _, e := range v.from {
			if arrays[e.array] {
				return true
			}
		}
	}
	return false
}

// sharedArray is the place of the only array that the accepted values come from,
// or nothing.
func sharedArray(fields []*field) string {
	var array *element
	for _, f := range fields {
		for i, v := range f.values {
			if !f.accepted[i] {
				continue
			}
			for _, e := range v.from {
				if array != nil && array.array != e.array {
					return ""
				}
				array = &e
			}
		}
	}
	if array == nil {
		return ""
	}
	return array.place.in.String()
}

// inConflict lists the elements where a field is satisfied, or, if it must be
// absent, where it is there.
func (f *field) inConflict(mustBeAbsent bool) ConflictField {
	out := ConflictField{Path: f.label(), MustBeAbsent: mustBeAbsent}
	seen := map[[2]int]bool{}
	for i, v := range f.values {
		if len(v.from) == 0 || !mustBeAbsent && !f.accepted[i] {
			continue
		}
		e := v.from[len(v.from)-1]
		if id := [2]int{e.array, e.index}; seen[id] {
			continue
		} else {
			seen[id] = true
		}
		if len(out.Elements) == maxElements {
			out.MoreElements++
			continue
		}
		out.Elements = append(out.Elements, e.place.String())
	}
	return out
}
