package throttle

import (
	"cmp"
	"hash/maphash"
	"slices"
	"strings"
	"sync"
	"time"
)

// Key is whose requests a bucket counts, and of what. The strings may lie in a
// request's memory: a table keeps copies.
type Key struct {
	Who  string // a principal, an account, an address
	In   string // a region; empty: everywhere
	What string // "sqs:SendMessage"; empty: everything
}

// shards is how many parts a table has: a new key locks one.
const shards = 64

// Table is the buckets of many keys.
type Table struct {
	seed  maphash.Seed
	most  int // keys of a shard
	shard [shards]shard
}

type shard struct {
	bucketsMu sync.RWMutex // guards buckets, not what is in them
	buckets   map[Key]*bucket
}

// NewTable has room for about so many keys, and never for more.
func NewTable(most int) *Table {
	t := &Table{seed: maphash.MakeSeed(), most: max(1, most/shards)}
	for i := range t.shard {
		t.shard[i].buckets = map[Key]*bucket{}
	}
	return t
}

// Take takes a token of the key's bucket, if there is one. now is the time since
// some instant in the past, the same for all calls.
func (t *Table) Take(k Key, r Rate, now time.Duration) bool {
	s := &t.shard[maphash.Comparable(t.seed, k)%shards]
	s.bucketsMu.RLock()
	b := s.buckets[k]
	s.bucketsMu.RUnlock()
	if b == nil {
		b = s.add(k, t.most, int64(now))
	}
	return b.take(r.pace(), int64(now))
}

// Len is how many keys there are.
func (t *Table) Len() (n int) {
	for i := range t.shard {
		s := &t.shard[i]
		s.bucketsMu.RLock()
		n += len(s.buckets)
		s.bucketsMu.RUnlock()
	}
	return n
}

func (s *shard) add(k Key, most int, now int64) *bucket {
	s.bucketsMu.Lock()
	defer s.bucketsMu.Unlock()
	if b := s.buckets[k]; b != nil {
		return b // somebody was faster
	}
	if len(s.buckets) >= most {
		s.makeRoom(now)
	}
	b := &bucket{}
	s.buckets[Key{strings.Clone(k.Who), strings.Clone(k.In), strings.Clone(k.What)}] = b
	return b
}

// makeRoom forgets the buckets that are full, since a new one is no different.
// If there is none, it forgets the eighth of all that is nearest to it: of who has
// made the fewest requests of late.
func (s *shard) makeRoom(now int64) {
	type entry struct {
		key    Key
		fullAt int64
	}
	var others []entry
	before := len(s.buckets)
	for k, b := range s.buckets {
		if at := b.fullAt.Load(); at <= now {
			delete(s.buckets, k)
		} else {
			others = append(others, entry{k, at})
		}
	}
	if len(s.buckets) < before {
		return
	}
	slices.SortFunc(others, func(a, b entry) int { return cmp.Compare(a.fullAt, b.fullAt) })
	for _, e := range others[:(len(others)+7)/8] {
		delete(s.buckets, e.key)
	}
}
