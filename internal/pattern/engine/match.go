package engine

import (
	"math/bits"
	"slices"
)

// Memory is what one match needs and the next one can use again. It serves one
// goroutine at a time. The zero value is ready.
type Memory struct {
	walk
	snapshot *Snapshot
	marks    []uint32 // by place: epoch of the event that a subrule was checked for, or a rule matched
	marked   uint32
	parts    []*partition
	chosen   [2]int32        // the values that parts was chosen by
	choices  int             // how often it was
	looked   map[uint64]bool // keys with many subrules that were looked at
	matched  []*Rule
	found    keysFound
	search   search
	complex  int // rules given up
	scanned  int // see tooMany
	again    int // how often values led to a subrule that was checked before
}

// maxKept bounds what a Memory keeps for the next event.
const maxKept = 1 << 20

// Match is the rules that event matches, in no order; valid until the next
// match in the same Memory. event has to be valid JSON, an object, in UTF-8: it
// was checked once, when it came in. Of another Match says anything or
// ErrMalformed, in bounded time. tooComplex is how many rules were given up,
// as far as they are known, because the event has too many values for them, or its
// arrays can be combined with them in too many ways.
func (s *Snapshot) Match(m *Memory, event []byte) (rules []*Rule, tooComplex int, err error) {
	m.reset(s, event)
	if s.root == nil {
		return nil, 0, nil
	}
	m.postpone = s.shapes[0] == 0
	if !m.top(s.root) {
		return nil, 0, ErrMalformed
	}
	m.choose()
	if len(m.parts) == 0 {
		return nil, 0, nil
	}
	if !m.rest() {
		return nil, 0, ErrMalformed
	}
	for _, p := range m.parts {
		m.through(p)
	}
	if m.again > maxSteps && m.complex == 0 {
		m.complex = 1 // at least
	}
	return m.matched, m.complex, nil
}

func (m *Memory) reset(s *Snapshot, event []byte) {
	if cap(m.values) > maxKept/64 || cap(m.elements) > maxKept/16 || cap(m.room) > maxKept || len(m.looked) > maxKept/64 {
		*m = Memory{marks: m.marks, marked: m.marked}
	}
	m.begin(event, s.paths)
	if len(m.marks) < s.marks {
		m.marks, m.marked = make([]uint32, s.marks+s.marks/4), 0
	}
	if m.marked++; m.marked == 0 {
		clear(m.marks)
		m.marked = 1
	}
	m.snapshot, m.complex, m.owner, m.choices = s, 0, m, 0
	m.matched = m.matched[:0]
	if len(m.looked) > 0 {
		clear(m.looked)
	}
	m.search.spent, m.scanned, m.again = 0, 0, 0
}

// partitions tells whether the values at n decide on partitions.
func (m *Memory) partitions(n *node) bool {
	return n.path >= 0 && (n.path == m.snapshot.source || n.path == m.snapshot.detailType)
}

// choose finds the partitions that the event is of interest to.
func (m *Memory) choose() {
	s := m.snapshot
	chosen := [2]int32{m.firstOf(s.source), m.firstOf(s.detailType)}
	if m.choices > 0 && chosen == m.chosen {
		return
	}
	m.choices++
	m.chosen, m.parts = chosen, m.parts[:0]
	if m.longerThan(chosen[0], fewChoices) || m.longerThan(chosen[1], fewChoices) {
		m.chooseOfMany()
		return
	}
	if s.shapes[0] > 0 {
		m.partition(0, 0, 0)
	}
	if s.shapes[wantsSource]+s.shapes[wantsSource|wantsDetailType] > 0 {
		for i := chosen[0]; i >= 0; i = m.values[i].next {
			source := &m.values[i]
			if source.kind != isString {
				continue
			}
			if s.shapes[wantsSource] > 0 {
				m.partition(wantsSource, source.hashed(s.seed), 0)
			}
			if s.shapes[wantsSource|wantsDetailType] == 0 {
				continue
			}
			for j := chosen[1]; j >= 0; j = m.values[j].next {
				if d := &m.values[j]; d.kind == isString {
					m.partition(wantsSource|wantsDetailType, source.hashed(s.seed), d.hashed(s.seed))
				}
			}
		}
	}
	if s.shapes[wantsDetailType] > 0 {
		for j := chosen[1]; j >= 0; j = m.values[j].next {
			if d := &m.values[j]; d.kind == isString {
				m.partition(wantsDetailType, 0, d.hashed(s.seed))
			}
		}
	}
}

// fewChoices is up to how many sources, or detail-types, of an event are looked
// up one with each other. An event has one of each, but for odd ones.
const fewChoices = 8

// longerThan tells whether there are more than n values from at on.
func (m *Memory) longerThan(at int32, n int) bool {
	for ; at >= 0; at = m.values[at].next {
		if n--; n < 0 {
			return true
		}
	}
	return false
}

func (m *Memory) partition(shape int, source, detailType uint64) {
	p, ok := m.snapshot.partitions.get(partitionHash(shape, source, detailType))
	if ok && !slices.Contains(m.parts, p) {
		m.parts = append(m.parts, p)
	}
}

// chooseOfMany looks at every partition instead: pairs of the event's values may
// be far more.
func (m *Memory) chooseOfMany() {
	sources, detailTypes := m.hashesFrom(m.chosen[0]), m.hashesFrom(m.chosen[1])
	for p := range m.snapshot.partitions.values {
		if (p.shape&wantsSource == 0 || sources[p.source]) && (p.shape&wantsDetailType == 0 || detailTypes[p.detailType]) {
			m.parts = append(m.parts, p)
		}
	}
}

// hashesFrom is the hashes of the strings among the values from at on.
func (m *Memory) hashesFrom(at int32) map[uint64]bool {
	out := map[uint64]bool{}
	for ; at >= 0; at = m.values[at].next {
		if v := &m.values[at]; v.kind == isString {
			out[v.hashed(m.snapshot.seed)] = true
		}
	}
	return out
}

// firstOf is first of a path that may be -1.
func (m *Memory) firstOf(path int32) int32 {
	if path < 0 {
		return -1
	}
	return m.first(path)
}

// through checks the subrules of p that the event's values lead to.
// Of very many values it gives the rest up, if they lead to the same subrules
// again and again.
func (m *Memory) through(p *partition) {
	m.checkAll(p.always)
	if p.byPath == nil {
		for i := range p.routes {
			r := &p.routes[i]
			for at := m.first(r.path); at >= 0 && m.again <= maxSteps; at = m.values[at].next {
				m.follow(r, &m.values[at])
			}
		}
		return
	}
	for i := range m.values {
		if v := &m.values[i]; m.again <= maxSteps {
			if r := p.find(v.path); r != nil {
				m.follow(r, v)
			}
		}
	}
}

// follow checks the subrules that v leads to on r.
func (m *Memory) follow(r *route, v *value) {
	ways := r.ways & waysOf[v.kind]
	if ways == 0 {
		return
	}
	k := &m.found
	k.find(m.snapshot.seed, v, ways, r.many == nil)
	if r.many != nil {
		m.followMany(r.many, v)
		return
	}
	for i := range r.guards {
		if g := &r.guards[i]; k.ways>>g.way&1 != 0 && k.leads(g, v) {
			m.check(g.sub)
		}
	}
}

func (m *Memory) followMany(r *manyways, v *value) {
	k := &m.found
	for ways := k.ways & (1<<byRange - 1) &^ (1 << byGram); ways != 0; ways &= ways - 1 {
		w := way(bits.TrailingZeros64(ways))
		m.look(r, w, k.hashes[w])
	}
	if k.ways&(1<<byGram) != 0 {
		m.grams(r, v.text)
	}
	if k.ways&(1<<byRange) != 0 {
		r.number.each(k.at, m.check)
	}
	if k.ways&(1<<byBlock) != 0 {
		r.block.each(k.at, m.check)
	}
}

func (m *Memory) grams(r *manyways, text string) {
	for i := 0; i+gramSize <= len(text); i++ {
		h := gramHash(text[i], text[i+1], text[i+2])
		if word, bit := gramBit(h); r.grams[word]&bit != 0 {
			m.look(r, byGram, h)
		}
	}
}

// fewBehind are gone through again sooner than it is noted that they were.
const fewBehind = 16

func (m *Memory) look(r *manyways, w way, hash uint64) {
	at := r.at(w, hash)
	subs, ok := m.snapshot.found.get(at)
	switch {
	case !ok:
		return
	case len(subs) > fewBehind: // a long array of strings may lead there for each
		if m.looked[at] {
			return
		}
		if m.looked == nil {
			m.looked = map[uint64]bool{}
		}
		m.looked[at] = true
	}
	m.checkAll(subs)
}

func (m *Memory) checkAll(subs []*subrule) {
	for _, s := range subs {
		m.check(s)
	}
}

// check adds the rule of s to those that match, if s does. It looks at a
// subrule once an event, however many values lead there.
func (m *Memory) check(s *subrule) {
	mark := &m.marks[s.place]
	if *mark == m.marked {
		m.again++ // see through
		return
	}
	*mark = m.marked
	if !m.verify(s) {
		return
	}
	if at := s.rule.place; at >= 0 { // of several subrules
		if m.marks[at] == m.marked {
			return
		}
		m.marks[at] = m.marked
	}
	m.matched = append(m.matched, s.rule)
}
