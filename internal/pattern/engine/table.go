package engine

import "slices"

// table is a hash table that is never changed once it is published: a change
// makes a new one that shares all but a few small pieces with the old one.
// Keys are 64-bit hashes, and equal hashes are equal keys.
//
// The pieces are shards of a few hundred slots, found by the key's high bits.
// Within one edit (see Set) pieces that the edit has copied are written in
// place, so that a large build costs no more than a table that is mutable.
type table[V any] struct {
	dir   []shard[V]
	shift uint8 // 64 - log2(len(dir))
	n     int
	owner edit
}

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

// maxShard is how many keys a shard has at most before the directory doubles:
// the square root of a large table, so that both copies cost about the same.
const maxShard = 256

func (t *table[V]) get(key uint64) (v V, ok bool) {
	if len(t.dir) == 0 {
		return v, false
	}
	s := &t.dir[key>>t.shift]
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
	if t.n > maxShard*len(t.dir) {
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
		t.dir, t.shift, t.owner = make([]shard[V], 1), 64, by
	}
	if t.owner != by {
		t.dir, t.owner = slices.Clone(t.dir), by
	}
	s := &t.dir[key>>t.shift]
	switch {
	case s.slots == nil:
		s.slots, s.owner = make([]slot[V], 4), by
	case s.owner != by:
		s.slots, s.owner = slices.Clone(s.slots), by
	}
	return s
}

// double splits every shard in two.
func (t *table[V]) double(by edit) {
	old := *t
	*t = table[V]{dir: make([]shard[V], 2*len(old.dir)), shift: old.shift - 1, owner: by}
	for _, s := range old.dir {
		for _, e := range s.slots {
			if !e.used {
				continue
			}
			into := t.writable(e.key, by)
			if 2*(into.n+1) > len(into.slots) {
				into.resize(2 * len(into.slots))
			}
			i, _ := into.find(e.key)
			into.slots[i] = e
			into.n++
			t.n++
		}
	}
}
