package syntax

import (
	"encoding/binary"
	"slices"
)

// MaxComplexity is the highest Complexity that is accepted unless a Dialect says
// otherwise. AWS accepts 7 and
// refuses 11; where between them it stops is not public.
const MaxComplexity = 10

// maxPrefixSets bounds the work of Complexity. More sets than that mean
// wildcards that repeat each other too much.
const maxPrefixSets = 1 << 14

// Complexity is, for the field of p whose wildcards are worst, how many of
// their prefixes can be alive at the same time on some value: *:* has 3 after
// a colon (*, *: and *:*). That is what a matcher has to keep track of at
// once, and the measure by which event-ruler refuses rules. Counting stops
// when it exceeds limit.
func Complexity(p *Pattern, limit int) int {
	worst := 0
	for _, walk := range wildcards(p) {
		if worst = max(worst, walk.worst(limit)); worst > limit {
			break
		}
	}
	return worst
}

// wildcards gathers the wildcards of each field name, over all branches.
func wildcards(p *Pattern) map[string]*prefixWalk {
	if !slices.ContainsFunc(p.Branches, hasWildcard) {
		return nil
	}
	walks := map[string]*prefixWalk{}
	seen := map[*Field]bool{}
	for _, branch := range p.Branches {
		for _, f := range branch {
			if seen[f] {
				continue
			}
			seen[f] = true
			for i, t := range f.Tests {
				if !isWildcard(t) {
					continue
				}
				if walks[f.Name] == nil {
					walks[f.Name] = &prefixWalk{prefixes: map[string]int{}}
				}
				walks[f.Name].add(&f.Tests[i])
			}
		}
	}
	return walks
}

func isWildcard(t Test) bool { return t.Kind == Wildcard || t.Kind == NotWildcard }

func hasWildcard(b Branch) bool {
	return slices.ContainsFunc(b, func(f *Field) bool { return slices.ContainsFunc(f.Tests, isWildcard) })
}

// prefixWalk finds which prefixes of some wildcards values can keep alive. A
// prefix is how much of a glob was seen; those of one test that read the same
// are one.
type prefixWalk struct {
	prefixes map[string]int // by test and text
	edges    [][]edge
	tests    int
	initial  []int
}

// edge says that after a prefix, item makes it longer.
type edge struct {
	item int // a byte, or star
	to   int
}

const star = 0x100

// add puts the globs of a test into the walk.
func (w *prefixWalk) add(t *Test) {
	w.tests++
	for _, g := range t.Globs {
		text := binary.AppendUvarint(nil, uint64(w.tests))
		at := w.prefix(text)
		if !slices.Contains(w.initial, at) {
			w.initial = append(w.initial, at)
		}
		for _, item := range items(g) {
			text = binary.BigEndian.AppendUint16(text, uint16(item))
			to := w.prefix(text)
			if e := (edge{item, to}); !slices.Contains(w.edges[at], e) {
				w.edges[at] = append(w.edges[at], e)
			}
			if item == star {
				if e := (edge{star, to}); !slices.Contains(w.edges[to], e) {
					w.edges[to] = append(w.edges[to], e)
				}
			}
			at = to
		}
	}
}

func (w *prefixWalk) prefix(text []byte) int {
	id, ok := w.prefixes[string(text)]
	if !ok {
		id = len(w.edges)
		w.prefixes[string(text)] = id
		w.edges = append(w.edges, nil)
	}
	return id
}

// items is a glob with its opening quote. Its closing quote makes no prefix: a
// value that had it is over.
func items(g Glob) []int {
	out := []int{'"'}
	for i, piece := range g {
		if i > 0 {
			out = append(out, star)
		}
		for _, c := range []byte(piece) {
			out = append(out, int(c))
		}
	}
	return out
}

// worst is the size of the largest set of prefixes alive together.
func (w *prefixWalk) worst(limit int) int {
	seen := map[string]bool{}
	queue := [][]int{w.initial}
	worst := 0
	for len(queue) > 0 && worst <= limit {
		var set []int
		set, queue = queue[0], queue[1:]
		for _, c := range w.bytesAfter(set) {
			after := w.step(set, c)
			worst = max(worst, len(after))
			if k := setKey(after); len(after) > 0 && !seen[k] {
				seen[k] = true
				queue = append(queue, after)
			}
		}
		if len(seen) > maxPrefixSets {
			return limit + 1
		}
	}
	return worst
}

// anyOther stands for a byte that no glob has.
const anyOther = 0x101

func (w *prefixWalk) bytesAfter(set []int) []int {
	out := []int{anyOther}
	for _, at := range set {
		for _, e := range w.edges[at] {
			if e.item != star && !slices.Contains(out, e.item) {
				out = append(out, e.item)
			}
		}
	}
	return out
}

// step is the set after one more byte. A star takes any byte and stays, and
// may take none.
func (w *prefixWalk) step(set []int, c int) []int {
	var after []int
	add := func(at int) bool {
		if slices.Contains(after, at) {
			return false
		}
		after = append(after, at)
		return true
	}
	for _, at := range set {
		for _, e := range w.edges[at] {
			if e.item != c && !(e.item == star && e.to == at) || !add(e.to) {
				continue
			}
			for _, skip := range w.edges[e.to] {
				if skip.item == star {
					add(skip.to)
				}
			}
		}
	}
	slices.Sort(after)
	return after
}

func setKey(set []int) string {
	var k []byte
	for _, at := range set {
		k = binary.AppendUvarint(k, uint64(at))
	}
	return string(k)
}
