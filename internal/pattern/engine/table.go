package engine

import (
	"math/bits"
	"slices"
)

// table is a hash table that is never changed once it is published: a change
// makes a new one that shares all but a few small pieces with the old one.
// Keys are 64-bit hashes, and equal hashes are equal keys.
//
// The key's high bits find a page, and in it a shard of a few dozen slots; a
// change copies the directory of pages, a page and a shard. Within one edit (see
// Set) pieces that the edit has copied are written in place, so that a large
// build costs no more than a table that is mutable.
type table[V any] struct {
	dir   []*page[V]
	shift uint8 // 64 - log2(number of shards)
	n     int
	owner edit
}

type page[V any] struct {
	shards [pageSize]shard[V]
	owner  edit
}

const pageSize = 64

type shard[V any] struct {
	slots []slot[V]
	n     int
	owner edit
}

type slot[V any] struct {
	key   uint64
	used  bool
	value V
}

// edit names one change of a Set: who may write into a piece. 0 is nobody.
type edit uint64

// maxShard is how many keys a shard has on average before their number doubles.
const maxShard = 32

func (t *table[V]) get(key uint64) (v V, ok bool) {
	if len(t.dir) == 0 {
		return v, false
	}
	at := key >> t.shift
	s := &t.dir[at/pageSize].shards[at%pageSize]
	if len(s.slots) == 0 {
		return v, false
	}
	mask := uint64(len(s.slots) - 1)
	for i := key & mask; ; i = (i + 1) & mask {
		e := &s.slots[i]
		if !e.used {
			return v, false
		}
		if e.key == key {
			return e.value, true
		}
	}
}

// values calls yield with every value until it has enough.
func (t *table[V]) values(yield func(V) bool) {
	for _, p := range t.dir {
		for i := range p.shards {
			for _, e := range p.shards[i].slots {
				if e.used && !yield(e.value) {
					return
				}
			}
		}
	}
}

// set puts v under key.
func (t *table[V]) set(key uint64, v V, by edit) {
	s := t.writable(key, by)
	i, found := s.find(key)
	if !found {
		if 2*(s.n+1) > len(s.slots) {
			s.resize(2 * len(s.slots))
			i, _ = s.find(key)
		}
		s.n++
		t.n++
	}
	s.slots[i] = slot[V]{key, true, v}
	if t.n > maxShard*pageSize*len(t.dir) {
		t.double(by)
	}
}

// remove takes key out.
func (t *table[V]) remove(key uint64, by edit) {
	if _, ok := t.get(key); !ok {
		return
	}
	s := t.writable(key, by)
	i, _ := s.find(key)
	s.n--
	t.n--
	// Close the gap, so that no search ends early at it.
	mask := uint64(len(s.slots) - 1)
	for j := (i + 1) & mask; s.slots[j].used; j = (j + 1) & mask {
		if home := s.slots[j].key & mask; (j-home)&mask >= (j-i)&mask {
			s.slots[i] = s.slots[j]
			i = j
		}
	}
	s.slots[i] = slot[V]{}
}

// find is the slot of key, or the one that it would get.
func (s *shard[V]) find(key uint64) (i uint64, found bool) {
	mask := uint64(len(s.slots) - 1)
	for i = key & mask; s.slots[i].used; i = (i + 1) & mask {
		if s.slots[i].key == key {
			return i, true
		}
	}
	return i, false
}

func (s *shard[V]) resize(n int) {
	old := s.slots
	s.slots = make([]slot[V], n)
	for _, e := range old {
		if e.used {
			i, _ := s.find(e.key)
			s.slots[i] = e
		}
	}
}

// writable is the shard of key, copied if by has not copied it yet.
func (t *table[V]) writable(key uint64, by edit) *shard[V] {
	if len(t.dir) == 0 {
		t.grow(1, by)
	}
	if t.owner != by {
		t.dir, t.owner = slices.Clone(t.dir), by
	}
	at := key >> t.shift
	p := t.dir[at/pageSize]
	if p.owner != by {
		c := *p
		c.owner = by
		p, t.dir[at/pageSize] = &c, &c
	}
	s := &p.shards[at%pageSize]
	switch {
	case s.slots == nil:
		s.slots, s.owner = make([]slot[V], 4), by
	case s.owner != by:
		s.slots, s.owner = slices.Clone(s.slots), by
	}
	return s
}

// grow makes an empty table of that many pages, a power of two.
func (t *table[V]) grow(pages int, by edit) {
	*t = table[V]{dir: make([]*page[V], pages), shift: uint8(64 - bits.Len(uint(pages*pageSize-1))), owner: by}
	for i := range t.dir {
		t.dir[i] = &page[V]{owner: by}
	}
}

// double splits every shard in two.
func (t *table[V]) double(by edit) {
	old := t.dir
	t.grow(2*len(old), by)
	for _, p := range old {
		for i := range p.shards {
			for _, e := range p.shards[i].slots {
				if e.used {
					t.move(e, by)
				}
			}
		}
	}
}

// move puts in a slot of the table as it was.
func (t *table[V]) move(e slot[V], by edit) {
	s := t.writable(e.key, by)
	if 2*(s.n+1) > len(s.slots) {
		s.resize(2 * len(s.slots))
	}
	i, _ := s.find(e.key)
	s.slots[i] = e
	s.n++
	t.n++
}
