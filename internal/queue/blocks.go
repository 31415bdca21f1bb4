package queue

import (
	"encoding/binary"
	"fmt"

	"github.com/carillon-events/carillon/internal/store"
)

// blocks are the blocks of shared bodies of a shard, of which memory holds
// those that were used a moment ago.
type blocks struct {
	open     *block // takes the next body; nil: a new one does
	next     uint64 // block
	reserved uint64 // no block has that number or a larger one, says the disk

	byID  map[uint64]*block
	order []uint64 // as they came into byID, where not all are any more
	dirty []*block
	group uint64 // how often Flush ran: what was stored since is of this group

	recent recentBodies
}

// Memory holds up to maxBlocks counts, and those of the group.
var maxBlocks = 4096

// Numbers are reserved on disk in strides, to write that seldom.
const blockStride = 1024

var blocksOf = store.NewCell(func(tx *store.Tx) (*blocks, error) {
	b := &blocks{next: 1, byID: map[uint64]*block{}}
	v, ok, err := tx.Get([]byte{store.SpaceSharedCount})
	if err != nil || !ok {
		return b, err
	}
	if len(v) != 8 {
		return nil, fmt.Errorf("next block of shared bodies: %w", errRecord)
	}
	b.next = u64at(v, 0)
	b.reserved = b.next
	return b, nil
})

// refer adds a reference to s, and stores its body if this group has not.
func (b *blocks) refer(tx *store.Tx, s *Shared) (bodyRef, error) {
	if s.in != b || s.group != b.group {
		if err := b.store(tx, s); err != nil {
			return bodyRef{}, err
		}
	}
	s.block.refs++
	return s.ref, nil
}

func (b *blocks) store(tx *store.Tx, s *Shared) error {
	o := b.open
	if o == nil || int(o.bodies) >= maxBlockBodies || o.bytes+len(s.body) > maxBlockBytes && o.bodies > 0 {
		var err error
		if o, err = b.create(tx); err != nil {
			return err
		}
	}
	ref := bodyRef{o.id, uint16(o.bodies), uint32(len(s.body))}
	o.bodies++
	o.bytes += len(s.body)
	b.touch(tx, o)
	var k key
	if err := tx.Set(k.body(ref.block, ref.number), s.body); err != nil {
		return err
	}
	b.recent.add(ref, s.body)
	s.in, s.group, s.block, s.ref = b, b.group, o, ref
	return nil
}

func (b *blocks) create(tx *store.Tx) (*block, error) {
	if b.next >= b.reserved {
		b.reserved = b.next + blockStride
		if err := tx.Set([]byte{store.SpaceSharedCount}, binary.BigEndian.AppendUint64(nil, b.reserved)); err != nil {
			return nil, err
		}
	}
	b.open = &block{id: b.next}
	b.next++
	b.remember(b.open)
	return b.open, nil
}

func (b *blocks) remember(o *block) {
	b.byID[o.id] = o
	b.order = append(b.order, o.id)
}

// release takes n references to bodies of a block away.
func (b *blocks) release(tx *store.Tx, id, n uint64) error {
	o, err := b.find(tx, id)
	if err != nil || o == nil { // damage, which Verify finds, and not the caller's
		return err
	}
	o.refs -= min(n, o.refs)
	b.touch(tx, o)
	return nil
}

// find is a block; nil if there is none of that number.
func (b *blocks) find(tx *store.Tx, id uint64) (*block, error) {
	if o := b.byID[id]; o != nil {
		return o, nil
	}
	var k key
	v, ok, err := tx.Get(k.block(id))
	if err != nil || !ok {
		return nil, err
	}
	o, err := decodeBlock(id, v)
	if err != nil {
		return nil, fmt.Errorf("block %d of shared bodies: %w", id, err)
	}
	b.remember(o)
	return o, nil
}

// touch has a block written at the end of the group.
func (b *blocks) touch(tx *store.Tx, o *block) {
	if o.dirty {
		return
	}
	o.dirty = true
	if b.dirty = append(b.dirty, o); len(b.dirty) == 1 {
		tx.BeforeCommit(b)
	}
}

// Flush implements store.Flusher.
func (b *blocks) Flush(tx *store.Tx) error {
	b.group++
	for _, o := range b.dirty {
		o.dirty = false
		if err := b.write(tx, o); err != nil {
			return err
		}
	}
	clear(b.dirty)
	b.dirty = b.dirty[:0]
	b.forget()
	return nil
}

// forget forgets the blocks that came first, all of which are on disk, or gone.
func (b *blocks) forget() {
	for len(b.order) > maxBlocks {
		if b.open != nil && b.open.id == b.order[0] {
			b.open = nil // it takes no more bodies
		}
		delete(b.byID, b.order[0])
		b.order = b.order[1:]
	}
}

// write writes a block's count, or deletes the block if nothing refers to it.
func (b *blocks) write(tx *store.Tx, o *block) error {
	var k key
	if o.refs > 0 {
		return tx.Set(k.block(o.id), o.encode())
	}
	if b.open == o {
		b.open = nil
	}
	delete(b.byID, o.id)
	// One by one, since reads have to look at every range that was deleted lately.
	for n := range o.bodies {
		if err := tx.Delete(k.body(o.id, uint16(n))); err != nil {
			return err
		}
	}
	return tx.Delete(k.block(o.id))
}

// body reads a shared body, and those behind it, which the same receiver will
// want next.
func (b *blocks) body(tx *store.Tx, r bodyRef) ([]byte, error) {
	if body, ok := b.recent.get(r); ok {
		return body, nil
	}
	var lo, hi key
	var body []byte
	n := r.number
	err := tx.Scan(lo.body(r.block, r.number), hi.start(store.SpaceSharedBody, r.block+1).bytes(), func(k, v []byte) bool {
		found := bodyRef{r.block, binary.BigEndian.Uint16(k[9:]), uint32(len(v))}
		v = append(make([]byte, 0, len(v)), v...)
		if found == r {
			body = v
		}
		if body != nil {
			b.recent.add(found, v)
		}
		n++
		return body != nil && n < r.number+readAhead
	})
	if err == nil && body == nil {
		err = fmt.Errorf("body %d of block %d: %w", r.number, r.block, errBodyGone)
	}
	return body, err
}

// readAhead is how many bodies are read at once.
var readAhead uint16 = 16

// recentBodies are the bodies that were stored or read a moment ago: the
// receivers of several queues want the same ones at about the same time.
type recentBodies struct {
	byRef map[bodyRef][]byte
	order []bodyRef // as they came
	bytes int
}

var maxRecentBytes = 16 << 20

func (c *recentBodies) get(r bodyRef) ([]byte, bool) {
	b, ok := c.byRef[r]
	return b, ok
}

func (c *recentBodies) add(r bodyRef, body []byte) {
	if c.byRef == nil {
		c.byRef = map[bodyRef][]byte{}
	}
	if _, ok := c.byRef[r]; ok {
		return
	}
	c.byRef[r] = body
	c.order = append(c.order, r)
	c.bytes += len(body)
	for c.bytes > maxRecentBytes && len(c.order) > 1 {
		c.bytes -= len(c.byRef[c.order[0]])
		delete(c.byRef, c.order[0])
		c.order = c.order[1:]
	}
}
