package engine

import "math"

// choose is the field of sub by which it is found: the one that fewest others
// are found by in the same way; -1 if there is none.
func (s *Set) choose(sub *subrule, p *partition) int32 {
	best, least := int32(-1), math.MaxInt
	for i := range sub.fields {
		f := &sub.fields[i]
		if f.absent || s.partitions(f) {
			continue // the partition says as much
		}
		if c := s.cost(f, p); c < least {
			best, least = int32(i), c
		}
	}
	return best
}

// partitions tells whether a rule with f stands in a partition for f's sake.
func (s *Set) partitions(f *field) bool {
	return (f.path == s.next.source || f.path == s.next.detailType) && f.exact(maxExact) != nil
}

// cost estimates how many subrules an event has to be checked against because
// of those that are found by this field.
func (s *Set) cost(f *field, p *partition) int {
	r := p.find(f.path)
	total := 0
	for i := range f.tests {
		s.keys = keysOf(s.keys[:0], &f.tests[i], s.seed)
		least := math.MaxInt
		for _, k := range s.keys {
			least = min(least, k.way.cost()+s.behind(r, k))
		}
		total += least
	}
	return total
}

// cost of a way is how often it misleads, and what it costs to look.
func (w way) cost() int {
	switch {
	case w == byPresence:
		return 1000
	case w == byLiteral:
		return 16
	case w == byGram:
		return 12
	case w >= byRange:
		return 8
	case w >= byPrefix:
		return [affixClasses]int{32, 16, 8, 6, 4, 3, 3, 3, 3, 3}[(w-byPrefix)%affixClasses]
	case w == byLower:
		return 2
	}
	return 1
}
