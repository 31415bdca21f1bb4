package engine

import (
	"encoding/binary"
	"slices"
)

// maxSteps bounds the comparisons of an event with all rules that need a search:
// less than a second. Real patterns and events need a few hundred.
const maxSteps = 1 << 24

// rememberAfter is how many steps a search takes before it begins to remember
// what has failed: most are over by then.
const rememberAfter = 2048

// maxRemembered bounds the memory of that.
const maxRemembered = 1 << 14

// search looks for values of all fields of a subrule of which no two come from
// different elements of the same array. Fields are taken in the order of their
// names, since {"exists": false} asks for absence among the values that could
// still be taken. That is how AWS answers, see the package oracle.
type search struct {
	sub    *subrule
	chosen []int32 // by array: element + 1; 0 if none is
	undo   []int32 // arrays that were chosen, in order
	lists  []int32 // for each field where its accepted values begin; see list
	froms  []int32 // of accepted values, each once a field
	all    []int32 // of all values of fields that ask for absence
	alls   []int32
	single []int32 // by field: the one array that its accepted values are elements of; -1 if it is not so simple
	alone  []int32 // the same of all
	steps  int     // of this search
	spent  int     // of all searches of the event
	failed map[string]bool
	// until is, by array, the last field + 1 that has values from it: no later one
	// minds what is chosen there. Made when something is to be remembered.
	until []int32
	still []int32 // scratch
}

// searchFor is whether there are such values.
func (m *Memory) searchFor(s *subrule) bool {
	q := &m.search
	q.prepare(s, int(m.arrays))
	for i := range s.fields {
		m.list(&s.fields[i], !s.emptyKeys)
	}
	q.lists, q.alls = append(q.lists, int32(len(q.froms))), append(q.alls, int32(len(q.all)))
	ok := m.fieldsFrom(0)
	m.unchoose(0)
	q.spent += q.steps
	if !ok && q.spent > maxSteps {
		m.complex++
	}
	return ok
}

func (q *search) prepare(s *subrule, arrays int) {
	q.sub, q.steps, q.failed, q.until = s, 0, nil, q.until[:0]
	if len(q.chosen) < arrays {
		q.chosen = make([]int32, arrays+arrays/2)
	}
	q.undo, q.lists, q.froms, q.all, q.alls, q.single, q.alone = q.undo[:0], q.lists[:0], q.froms[:0], q.all[:0], q.alls[:0], q.single[:0], q.alone[:0]
}

// list notes where the values that f accepts come from, and, where f asks for
// absence, where any come from.
func (m *Memory) list(f *field, hideEmpty bool) {
	q := &m.search
	q.lists, q.alls = append(q.lists, int32(len(q.froms))), append(q.alls, int32(len(q.all)))
	begin, beginAll := len(q.froms), len(q.all)
	for at := m.first(f.path); at >= 0; at = m.values[at].next {
		v := &m.values[at]
		if v.emptyKey && hideEmpty {
			continue
		}
		if f.absent {
			q.all = append(q.all, v.from)
		}
		// The values of an element stand beside each other.
		if last := len(q.froms) - 1; last >= begin && q.froms[last] == v.from {
			continue
		}
		if f.accepts(v) {
			q.froms = append(q.froms, v.from)
		}
	}
	q.single, q.alone = append(q.single, m.singleArray(q.froms[begin:])), append(q.alone, m.singleArray(q.all[beginAll:]))
}

// singleArray is the array that all of froms are elements of, if it is in no
// other; else -1. Their indexes then fall, as values are linked from the last.
func (m *Memory) singleArray(froms []int32) int32 {
	array := int32(-1)
	for i, from := range froms {
		e := m.elements[from]
		if from == 0 || e.around != 0 || i > 0 && e.array != array {
			return -1
		}
		array = e.array
	}
	return array
}

// candidates is the part of froms that may fit: where all are elements of one
// array, and that has one chosen, at most that one.
func (m *Memory) candidates(froms []int32, single int32) []int32 {
	q := &m.search
	if single < 0 || q.chosen[single] == 0 {
		return froms
	}
	element := q.chosen[single] - 1
	n, found := slices.BinarySearchFunc(froms, element, func(from, element int32) int {
		return int(element) - int(m.elements[from].index)
	})
	if !found {
		return nil
	}
	return froms[n : n+1]
}

// fieldsFrom tells whether the fields from i on can be matched, with the
// elements that are chosen.
func (m *Memory) fieldsFrom(i int) bool {
	q := &m.search
	if i == len(q.sub.fields) {
		return true
	}
	var key string
	if q.steps > rememberAfter && len(q.failed) < maxRemembered {
		if key = m.stateKey(i); q.failed[key] {
			return false
		}
	}
	if m.field(i) {
		return true
	}
	if key != "" && q.spent+q.steps <= maxSteps && len(q.failed) < maxRemembered {
		if q.failed == nil {
			q.failed = map[string]bool{}
		}
		q.failed[key] = true
	}
	return false
}

func (m *Memory) field(i int) bool {
	q := &m.search
	if q.sub.fields[i].absent && !slices.ContainsFunc(m.candidates(q.all[q.alls[i]:q.alls[i+1]], q.alone[i]), m.fits) && m.fieldsFrom(i+1) {
		return true
	}
	for _, from := range m.candidates(q.froms[q.lists[i]:q.lists[i+1]], q.single[i]) {
		if q.spent+q.steps > maxSteps {
			return false
		}
		if !m.fits(from) {
			continue
		}
		before := len(q.undo)
		m.choosePath(from)
		if m.fieldsFrom(i + 1) {
			return true
		}
		m.unchoose(before)
	}
	return false
}

// fits tells whether the elements around a value can be chosen beside those
// that are. It takes a step for each.
func (m *Memory) fits(from int32) bool {
	q := &m.search
	for q.steps++; from != 0; q.steps++ {
		e := &m.elements[from]
		if c := q.chosen[e.array]; c != 0 && c != e.index+1 {
			return false
		}
		from = e.around
	}
	return true
}

func (m *Memory) choosePath(from int32) {
	q := &m.search
	for from != 0 {
		e := &m.elements[from]
		if q.chosen[e.array] == 0 {
			q.chosen[e.array] = e.index + 1
			q.undo = append(q.undo, e.array)
		}
		from = e.around
	}
}

func (m *Memory) unchoose(to int) {
	q := &m.search
	for _, array := range q.undo[to:] {
		q.chosen[array] = 0
	}
	q.undo = q.undo[:to]
}

// stateKey says what decides whether fieldsFrom succeeds: the field, and the
// chosen elements of those arrays that still matter.
func (m *Memory) stateKey(i int) string {
	q := &m.search
	if len(q.until) == 0 {
		m.findRelevant()
	}
	q.still = q.still[:0]
	for _, a := range q.undo {
		if int(q.until[a]) > i {
			q.still = append(q.still, a)
		}
	}
	q.steps += len(q.undo)
	slices.Sort(q.still)
	key := binary.AppendUvarint(nil, uint64(i))
	for _, a := range q.still {
		key = binary.AppendUvarint(binary.AppendUvarint(key, uint64(a)), uint64(q.chosen[a]))
	}
	return string(key)
}

func (m *Memory) findRelevant() {
	q := &m.search
	q.until = slices.Grow(q.until, int(m.arrays))[:m.arrays]
	clear(q.until)
	for i := range q.sub.fields {
		for _, froms := range [][]int32{q.froms[q.lists[i]:q.lists[i+1]], q.all[q.alls[i]:q.alls[i+1]]} {
			for _, from := range froms {
				// Around an array that is noted so are those that are.
				for e := &m.elements[from]; from != 0 && q.until[e.array] != int32(i+1); e = &m.elements[from] {
					q.until[e.array], from = int32(i+1), e.around
				}
			}
		}
	}
}
