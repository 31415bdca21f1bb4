package engine

import (
	"bytes"
	"encoding/binary"
	"slices"
	"strings"
)

// node is the place of a key in the fields that some rule names. The walk
// descends into an event as far as there are nodes.
type node struct {
	path  int32 // of values here; -1 where no rule asks for them
	users int32 // fields that end here
	kids  []kid
	index []uint32 // of kids + 1, by hash; where there are too many to look at one by one
	deep  bool     // there are, or were, kids of kids: a key with dots may lead somewhere
	owner edit
}

// kid is a node below, under the next key. No name has a dot: those are cut.
type kid struct {
	word uint64 // the first 8 bytes, zeros behind the end
	name string
	node *node
}

// fewKids are compared one by one.
const fewKids = 2

var lengthMask = [9]uint64{0, 1<<8 - 1, 1<<16 - 1, 1<<24 - 1, 1<<32 - 1, 1<<40 - 1, 1<<48 - 1, 1<<56 - 1, 1<<64 - 1}

// wordAt is the first 8 bytes of b[start:end], with zeros behind the end.
func wordAt(b []byte, start, end int) uint64 {
	if n := end - start; n < 8 {
		if start+8 <= len(b) {
			return binary.LittleEndian.Uint64(b[start:]) & lengthMask[n]
		}
		var w uint64
		for i := n - 1; i >= 0; i-- {
			w = w<<8 | uint64(b[start+i])
		}
		return w
	}
	return binary.LittleEndian.Uint64(b[start:])
}

func wordOf(name string) uint64 {
	var b [8]byte
	copy(b[:], name)
	return binary.LittleEndian.Uint64(b[:])
}

// find is the node below n for the key b[start:end], and the key's first bytes.
func (n *node) find(b []byte, start, end int) (*node, uint64) {
	w := wordAt(b, start, end)
	size := end - start
	if n.index == nil {
		for i := range n.kids {
			if k := &n.kids[i]; k.word == w && len(k.name) == size && (size <= 8 || k.name[8:] == string(b[start+8:end])) {
				return k.node, w
			}
		}
		return nil, w
	}
	mask := uint64(len(n.index) - 1)
	for i := hashKey(w, size) & mask; n.index[i] != 0; i = (i + 1) & mask {
		if k := &n.kids[n.index[i]-1]; k.word == w && len(k.name) == size && (size <= 8 || k.name[8:] == string(b[start+8:end])) {
			return k.node, w
		}
	}
	return nil, w
}

// lookup is the place of name among the kids of n; -1 if it is not there.
func (n *node) lookup(name string) int {
	w := wordOf(name)
	if n.index == nil {
		return slices.IndexFunc(n.kids, func(k kid) bool { return k.word == w && k.name == name })
	}
	mask := uint64(len(n.index) - 1)
	for i := hashKey(w, len(name)) & mask; n.index[i] != 0; i = (i + 1) & mask {
		if k := &n.kids[n.index[i]-1]; k.word == w && k.name == name {
			return int(n.index[i] - 1)
		}
	}
	return -1
}

func (k *kid) hash() uint64 { return hashKey(k.word, len(k.name)) }

func hashKey(word uint64, size int) uint64 {
	h := (word ^ uint64(size)*0x9E3779B97F4A7C15) * 0xD6E8FEB86659FD93
	return h ^ h>>32
}

// hasDot tells whether the key b[start:end], whose first bytes are w, has one.
func hasDot(b []byte, start, end int, w uint64) bool {
	if x := w ^ '.'*ones; (x-ones)&^x&(0x80*ones) != 0 {
		return true
	}
	return end-start > 8 && bytes.IndexByte(b[start+8:end], '.') >= 0
}

// writable is n if by owns it, else a copy that by owns.
func (n *node) writable(by edit) *node {
	if n.owner == by {
		return n
	}
	c := *n
	c.kids, c.index, c.owner = slices.Clone(n.kids), slices.Clone(n.index), by
	return &c
}

// add puts an empty node below n, which is writable.
func (n *node) add(name string, by edit) int {
	n.kids = append(n.kids, kid{wordOf(name), strings.Clone(name), &node{path: -1, owner: by}})
	if len(n.kids) > fewKids {
		n.enter(len(n.kids) - 1)
	}
	return len(n.kids) - 1
}

// drop removes a kid of n, which is writable.
func (n *node) drop(i int) {
	last := len(n.kids) - 1
	if n.index != nil {
		n.leave(i)
		if i != last {
			n.index[n.slot(last)] = uint32(i + 1)
		}
	}
	n.kids[i], n.kids[last] = n.kids[last], kid{}
	if n.kids = n.kids[:last]; last <= fewKids {
		n.index = nil
	}
}

// slot is where the index has kid i.
func (n *node) slot(i int) uint64 {
	mask := uint64(len(n.index) - 1)
	at := n.kids[i].hash() & mask
	for n.index[at] != uint32(i+1) {
		at = (at + 1) & mask
	}
	return at
}

// leave takes kid i out of the index, and closes the gap as table.remove does.
func (n *node) leave(i int) {
	mask := uint64(len(n.index) - 1)
	gap := n.slot(i)
	for at := (gap + 1) & mask; n.index[at] != 0; at = (at + 1) & mask {
		if home := n.kids[n.index[at]-1].hash() & mask; (at-home)&mask >= (at-gap)&mask {
			n.index[gap] = n.index[at]
			gap = at
		}
	}
	n.index[gap] = 0
}

// enter puts kid i into the index, or all where it has no room or is not there.
func (n *node) enter(i int) {
	first := i
	if 2*len(n.kids) > len(n.index) {
		size := 16
		for size < 4*len(n.kids) {
			size *= 2
		}
		n.index, first = make([]uint32, size), 0
	}
	mask := uint64(len(n.index) - 1)
	for ; first < len(n.kids); first++ {
		at := n.kids[first].hash() & mask
		for n.index[at] != 0 {
			at = (at + 1) & mask
		}
		n.index[at] = uint32(first + 1)
	}
}

// fields numbers the paths that rules name.
type fields struct {
	root  *node
	paths int     // all numbers are below
	free  []int32 // of the numbers that nobody uses any more; the writer's own
}

// use counts a field of a rule and is the number of its path. name is keys
// joined with dots.
func (f *fields) use(name string, by edit) int32 {
	if f.root == nil {
		f.root = &node{path: -1, owner: by}
	}
	f.root = f.root.writable(by)
	n := f.root
	for more := true; more; {
		var key string
		key, name, more = strings.Cut(name, ".")
		n.deep = n.deep || more
		i := n.lookup(key)
		if i < 0 {
			i = n.add(key, by)
		}
		n.kids[i].node = n.kids[i].node.writable(by)
		n = n.kids[i].node
	}
	if n.users++; n.path < 0 {
		n.path = f.number()
	}
	return n.path
}

func (f *fields) number() int32 {
	if last := len(f.free) - 1; last >= 0 {
		n := f.free[last]
		f.free = f.free[:last]
		return n
	}
	f.paths++
	return int32(f.paths - 1)
}

// release undoes one use.
func (f *fields) release(name string, by edit) {
	f.root = f.root.writable(by)
	f.releaseBelow(f.root, name, by)
}

// releaseBelow does it for a name below n, which is writable.
func (f *fields) releaseBelow(n *node, name string, by edit) {
	key, rest, more := strings.Cut(name, ".")
	i := n.lookup(key)
	child := n.kids[i].node.writable(by)
	n.kids[i].node = child
	if more {
		f.releaseBelow(child, rest, by)
	} else if child.users--; child.users == 0 {
		f.free = append(f.free, child.path)
		child.path = -1
	}
	if child.users == 0 && len(child.kids) == 0 {
		n.drop(i)
	}
}

// find is the path of a field; -1 if no rule names it.
func (f *fields) find(name string) int32 {
	n := f.root
	for more := true; more && n != nil; {
		var key string
		key, name, more = strings.Cut(name, ".")
		i := n.lookup(key)
		if i < 0 {
			return -1
		}
		n = n.kids[i].node
	}
	if n == nil {
		return -1
	}
	return n.path
}
