package engine

import (
	"hash/maphash"
	"math/bits"
	"slices"
	"sync/atomic"
)

// Set is the rules that an event is matched to. One goroutine at a time changes
// it; any number match events to its snapshots meanwhile.
type Set struct {
	now  atomic.Pointer[Snapshot]
	next Snapshot
	seed maphash.Seed
	salt uint64 // so that nobody can choose numbers whose keys meet

	edits  edit
	number uint64  // of the last subrule
	places []int32 // that nobody has any more
	keys   []key   // scratch
}

// Snapshot is a Set at one time. It never changes.
type Snapshot struct {
	seed       maphash.Seed
	root       *node
	paths      int
	marks      int // places are below
	rules      int
	source     int32 // paths of the fields that partition; -1 where no rule names them
	detailType int32
	shapes     [4]int // how many partitions there are of each shape
	partitions table[*partition]
	found      table[[]*subrule]

	fields fields // the writer's
}

// partition is the subrules that want one source and one detail-type, or do
// not mind. Most events on a busy bus are of no interest to most rules, and
// these two fields say so soonest.
type partition struct {
	shape              int
	source, detailType uint64 // hashes; they mean nothing where the shape does not want them
	users              int
	always             []*subrule // found by nothing else
	routes             []route
	dead               int     // routes that nothing is found by any more
	byPath             []int32 // route + 1, by the path's hash; where there are many
	owner              edit
}

// shape of a partition: which of the two fields it wants.
const (
	wantsSource = 1 << iota
	wantsDetailType
)

// maxExact is how many sources, or detail-types, a rule may list and still
// stand in a partition of each.
const maxExact = 4

// fewRoutes are looked through one by one.
const fewRoutes = 12

// NewSet is a Set of no rules.
func NewSet() *Set {
	s := &Set{seed: maphash.MakeSeed()}
	s.salt = maphash.String(s.seed, "salt")
	s.next = Snapshot{seed: s.seed, source: -1, detailType: -1}
	s.publish()
	return s
}

// Snapshot is the rules as they are now. It does not wait.
func (s *Set) Snapshot() *Snapshot { return s.now.Load() }

func (s *Set) publish() {
	n := s.next
	n.root, n.paths = n.fields.root, n.fields.paths
	n.fields = fields{}
	s.now.Store(&n)
}

// Change removes and adds rules, all at once for those who match. A rule goes
// into one Set, once.
func (s *Set) Change(remove, add []*Rule) {
	s.edits++
	for _, r := range remove {
		s.remove(r)
	}
	for _, r := range add {
		s.add(r)
	}
	s.publish()
}

// Add adds rules.
func (s *Set) Add(rules ...*Rule) { s.Change(nil, rules) }

// Remove removes rules.
func (s *Set) Remove(rules ...*Rule) { s.Change(rules, nil) }

func (s *Set) add(r *Rule) {
	if r.in != nil || r.gone {
		// Those who still match to an old snapshot read it.
		panic("engine: a rule is added twice")
	}
	n := &s.next
	r.in = s
	n.rules++
	r.place = -1
	if len(r.subs) > 1 {
		r.place = s.newPlace()
	}
	for i := range r.subs {
		sub := &r.subs[i]
		s.number++
		sub.number, sub.access, sub.place = s.number, -2, s.newPlace()
		for j := range sub.fields {
			f := &sub.fields[j]
			f.path = n.fields.use(f.name, s.edits)
			s.partitionField(f)
		}
		s.eachPartition(sub, func(shape int, source, detailType uint64) { s.enter(sub, shape, source, detailType) })
	}
}

func (s *Set) remove(r *Rule) {
	if r.in != s {
		panic("engine: a rule is removed that is not there")
	}
	n := &s.next
	r.in, r.gone = nil, true
	n.rules--
	if r.place >= 0 {
		s.places = append(s.places, r.place)
	}
	for i := range r.subs {
		sub := &r.subs[i]
		s.eachPartition(sub, func(shape int, source, detailType uint64) { s.leave(sub, shape, source, detailType) })
		s.places = append(s.places, sub.place)
		for j := range sub.fields {
			n.fields.release(sub.fields[j].name, s.edits)
		}
	}
	// A path that nobody names may become another's.
	if i := n.fields.find("source"); i < 0 {
		n.source = -1
	}
	if i := n.fields.find("detail-type"); i < 0 {
		n.detailType = -1
	}
}

// newPlace is a place of a mark that nobody has.
func (s *Set) newPlace() (place int32) {
	if last := len(s.places) - 1; last >= 0 {
		place, s.places = s.places[last], s.places[:last]
		return place
	}
	s.next.marks++
	return int32(s.next.marks - 1)
}

func (s *Set) partitionField(f *field) {
	switch f.name {
	case "source":
		s.next.source = f.path
	case "detail-type":
		s.next.detailType = f.path
	}
}

// eachPartition calls fn with the partitions that sub stands in.
func (s *Set) eachPartition(sub *subrule, fn func(shape int, source, detailType uint64)) {
	sources, detailTypes := []string(nil), []string(nil)
	for i := range sub.fields {
		switch f := &sub.fields[i]; f.name {
		case "source":
			sources = f.exact(maxExact)
		case "detail-type":
			detailTypes = f.exact(maxExact)
		}
	}
	shape := 0
	if sources != nil {
		shape |= wantsSource
	} else {
		sources = []string{""}
	}
	if detailTypes != nil {
		shape |= wantsDetailType
	} else {
		detailTypes = []string{""}
	}
	for _, source := range sources {
		for _, detailType := range detailTypes {
			fn(shape, maphash.String(s.seed, source), maphash.String(s.seed, detailType))
		}
	}
}

// partitionHash is the key of a partition. What its shape does not want is 0.
func partitionHash(shape int, source, detailType uint64) uint64 {
	h := uint64(shape)
	if shape&wantsSource != 0 {
		h = mix(h, source)
	}
	if shape&wantsDetailType != 0 {
		h = mix(h, detailType+1)
	}
	return h * 0x9E3779B97F4A7C15
}

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
	best, fewest := keys[0], int(^uint(0)>>1)
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

// choose is the field of sub by which it is found: the one that fewest others
// are found by in the same way; -1 if there is none.
func (s *Set) choose(sub *subrule, p *partition) int32 {
	best, least := int32(-1), int(^uint(0)>>1)
	for i := range sub.fields {
		f := &sub.fields[i]
		if f.absent || f.path == s.next.source && sub.wants(f) || f.path == s.next.detailType && sub.wants(f) {
			continue // the partition says as much
		}
		if c := s.cost(f, p); c < least {
			best, least = int32(i), c
		}
	}
	return best
}

// wants tells whether f, which is one of the partitioning fields, partitions.
func (sub *subrule) wants(f *field) bool { return f.exact(maxExact) != nil }

// cost estimates how many subrules an event has to be checked against because
// of those that are found by this field.
func (s *Set) cost(f *field, p *partition) int {
	r := p.find(f.path)
	total := 0
	for i := range f.tests {
		s.keys = keysOf(s.keys[:0], &f.tests[i], s.seed)
		least := int(^uint(0) >> 1)
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

// writable is p if by owns it, else a copy that by owns, with all that a change
// writes into.
func (p *partition) writable(by edit) *partition {
	if p.owner == by {
		return p
	}
	c := *p
	c.routes, c.byPath, c.owner = slices.Clone(p.routes), slices.Clone(p.byPath), by
	for i := range c.routes {
		if r := &c.routes[i]; r.many != nil {
			m := *r.many
			r.many = &m
		}
	}
	return &c
}

// find is the route of a path; nil if there is none.
func (p *partition) find(path int32) *route {
	if p.byPath == nil {
		for i := range p.routes {
			if p.routes[i].path == path {
				return &p.routes[i]
			}
		}
		return nil
	}
	mask := uint32(len(p.byPath) - 1)
	for i := hashPath(path) & mask; p.byPath[i] != 0; i = (i + 1) & mask {
		if r := &p.routes[p.byPath[i]-1]; r.path == path {
			return r
		}
	}
	return nil
}

func hashPath(path int32) uint32 {
	h := uint32(path) * 0x9E3779B1
	return h ^ h>>15
}

// route is the route of a path in p, which is writable.
func (p *partition) route(path int32) *route {
	if r := p.find(path); r != nil {
		if r.users == 0 {
			p.dead--
		}
		return r
	}
	p.routes = append(p.routes, route{path: path})
	if n := len(p.routes); n > fewRoutes {
		p.index(n - 1)
	}
	return &p.routes[len(p.routes)-1]
}

// drop forgets a route that has no users. Its place stays until half are such:
// to close each gap would take the square of the routes when all go.
func (p *partition) drop(r *route) {
	*r = route{path: r.path}
	if p.dead++; 2*p.dead < len(p.routes) {
		return
	}
	p.routes = slices.DeleteFunc(p.routes, func(r route) bool { return r.users == 0 })
	p.dead, p.byPath = 0, nil
	if len(p.routes) > fewRoutes {
		p.index(0)
	}
}

// index puts route i into byPath, or all where it has no room or is not there.
func (p *partition) index(i int) {
	if 2*len(p.routes) > len(p.byPath) {
		p.byPath, i = make([]int32, 1<<bits.Len(uint(3*len(p.routes)))), 0
	}
	mask := uint32(len(p.byPath) - 1)
	for ; i < len(p.routes); i++ {
		at := hashPath(p.routes[i].path) & mask
		for p.byPath[at] != 0 {
			at = (at + 1) & mask
		}
		p.byPath[at] = int32(i + 1)
	}
}
