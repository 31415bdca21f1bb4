// Package engine tells which of very many rules match an event.
//
// It owns the way from an event's bytes to the rules: masks of its structure
// (mask.go), a walk of the fields that some rule names (walk.go, trie.go), the
// partitions that its source and detail-type choose (partition.go), the one field
// by which a rule is found (choose.go, enter.go, access.go, found.go), and the check
// of all its fields (verify.go, search.go, test.go). docs/adr/0020-pattern-engine.md
// has the reasons.
//
// It refuses to know what a pattern looks like (syntax reads it) and to check
// JSON, which is done once where an event comes in.
//
// Invariants:
//
//  1. It matches what the oracle matches, on valid JSON objects in UTF-8.
//  2. A rule that was found is checked whole. Hashes, filters and the ends of
//     intervals may therefore lead to too much, never to too little.
//  3. A Snapshot never changes, and who matches never waits. A change copies what
//     it writes to, unless it has made that itself (edit).
//  4. Time and memory of a match are bounded, whatever the event and the rules.
//     What is given up is counted.
package engine

import (
	"hash/maphash"
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

// Len is how many rules there are.
func (s *Snapshot) Len() int { return s.rules }

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
