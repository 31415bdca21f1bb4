package engine

import (
	"math"
	"slices"
)

// enter puts sub into a partition.
func (s *Set) enter(sub *subrule, shape int, source, detailType uint64) {
	n, hash := &s.next, partitionHash(shape, source, detailType)
	p, ok := n.partitions.get(hash)
	if !ok {
		p = &partition{shape: shape, source: source, detailType: detailType, owner: s.edits}
		n.shapes[shape]++
	}
	p = p.writable(s.edits)
	p.users++
	n.partitions.set(hash, p, s.edits)
	if sub.access == -2 {
		sub.access = s.choose(sub, p)
	}
	if sub.access < 0 {
		p.always = append(p.always, sub)
		return
	}
	path := sub.fields[sub.access].path
	r := p.route(path)
	r.users++
	s.enterField(r, sub)
	if r.many == nil && len(r.guards) > fewGuards {
		s.widen(r, mix(hash^s.salt, uint64(path)+1))
	}
}

// enterField puts sub where the tests of the field lead by which it is found.
func (s *Set) enterField(r *route, sub *subrule) {
	f := &sub.fields[sub.access]
	for i := range f.tests {
		s.keys = keysOf(s.keys[:0], &f.tests[i], s.seed)
		k := s.rarest(r, s.keys)
		r.ways |= 1 << k.way
		if r.many != nil {
			s.enterMany(r.many, sub, k)
			continue
		}
		// Others may read the guards that are there, and not those behind.
		r.guards = append(r.guards, newGuard(k, sub))
	}
}

// widen makes many ways of a route's guards.
func (s *Set) widen(r *route, seed uint64) {
	guards := r.guards
	// The ways of subrules that have left end here: where there is none by grams,
	// there is no filter of them.
	r.guards, r.ways, r.many = nil, 0, &manyways{seed: seed}
	for i, g := range guards {
		if i > 0 && g.sub == guards[i-1].sub {
			continue // the guards of one subrule stand beside each other
		}
		s.enterField(r, g.sub)
	}
}

// enterMany puts sub where k leads. m is the edit's own.
func (s *Set) enterMany(m *manyways, sub *subrule, k key) {
	node := &intervals{interval: k.interval, sub: sub, number: sub.number, priority: mix(sub.number, m.seed)}
	switch k.way {
	case byRange:
		// A field may have several ranges: the same subrule stands there as often.
		m.number = m.number.with(node)
		m.ranges++
		return
	case byBlock:
		m.block = m.block.with(node)
		m.ranges++
		return
	case byGram:
		grams := [gramWords]uint64{}
		if m.grams != nil {
			grams = *m.grams
		}
		word, bit := gramBit(k.hash)
		grams[word] |= bit
		m.grams = &grams
	}
	at := m.at(k.way, k.hash)
	subs, _ := s.next.found.get(at)
	if len(subs) == 0 || subs[len(subs)-1] != sub {
		s.next.found.set(at, append(subs, sub), s.edits)
	}
}

// rarest is the key that leads to the fewest subrules; of grams there are many.
func (s *Set) rarest(r *route, keys []key) key {
	best, fewest := keys[0], math.MaxInt
	if len(keys) == 1 {
		return best
	}
	for _, k := range keys {
		if n := s.behind(r, k); n < fewest {
			best, fewest = k, n
		}
	}
	return best
}

// behind estimates how many subrules the key leads to.
func (s *Set) behind(r *route, k key) int {
	switch {
	case r == nil:
		return 0
	case r.many != nil && k.way >= byRange:
		return r.many.ranges / 4
	case r.many != nil:
		subs, _ := s.next.found.get(r.many.at(k.way, k.hash))
		return len(subs)
	}
	n := 0
	for i := range r.guards {
		if g := &r.guards[i]; g.way == k.way && (g.low == k.hash || k.way >= byRange) {
			n++
		}
	}
	if k.way >= byRange {
		return n / 4
	}
	return n
}

// leave takes sub out of a partition.
func (s *Set) leave(sub *subrule, shape int, source, detailType uint64) {
	n, hash := &s.next, partitionHash(shape, source, detailType)
	p, _ := n.partitions.get(hash)
	p = p.writable(s.edits)
	p.users--
	if p.users == 0 {
		n.partitions.remove(hash, s.edits)
		n.shapes[shape]--
	} else {
		n.partitions.set(hash, p, s.edits)
	}
	if sub.access < 0 {
		p.always = slices.DeleteFunc(slices.Clone(p.always), func(x *subrule) bool { return x == sub })
		return
	}
	f := &sub.fields[sub.access]
	r := p.route(f.path)
	if r.many == nil {
		r.guards = slices.DeleteFunc(slices.Clone(r.guards), func(g guard) bool { return g.sub == sub })
	} else {
		for i := range f.tests {
			s.leaveMany(r.many, sub, &f.tests[i])
		}
	}
	if r.users--; r.users == 0 {
		p.drop(r)
	}
}

func (s *Set) leaveMany(m *manyways, sub *subrule, t *test) {
	s.keys = keysOf(s.keys[:0], t, s.seed)
	for _, k := range s.keys {
		switch k.way {
		case byRange:
			m.number = m.number.without(k.interval, sub.number)
			m.ranges--
		case byBlock:
			m.block = m.block.without(k.interval, sub.number)
			m.ranges--
		default: // of grams it is one, and which one is not known any more
			at := m.at(k.way, k.hash)
			subs, ok := s.next.found.get(at)
			if !ok || !slices.Contains(subs, sub) {
				continue
			}
			if subs = without(subs, sub); len(subs) == 0 {
				s.next.found.remove(at, s.edits)
			} else {
				s.next.found.set(at, subs, s.edits)
			}
		}
	}
}

// without is a copy of subs less sub. Others may still read subs.
func without(subs []*subrule, sub *subrule) []*subrule {
	out := make([]*subrule, 0, len(subs))
	for _, s := range subs {
		if s != sub {
			out = append(out, s)
		}
	}
	return out
}
