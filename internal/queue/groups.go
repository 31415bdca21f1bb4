package queue

import (
	"container/heap"
	"fmt"
	"slices"
	"time"

	"github.com/carillon-events/carillon/internal/store"
)

// Groups are how FIFO queues keep order and standard queues are fair.
//
// G holds a group's waiting messages in order. H{tag}{group} stands for a group
// that may be received from: one that has messages and, in a FIFO queue, none
// in flight. The smallest tag is served first.
//
//   - FIFO: the tag is the seq of the group's first message, so the oldest
//     message goes first. Receiving takes the H key away (the group is locked),
//     and what ends the last flight of the group puts it back: a locked group
//     costs nothing to skip.
//   - Standard: the tag is a virtual time, as in start-time fair queuing (Goyal,
//     Vin and Cheng, 1996). A group that wakes up gets the current time, one that
//     was served gets a later one; so a group with a million messages waits its
//     turn like a group with one.
//
// Memory holds the H keys below a bound, and reads on from the bound when they
// are used up: never from the start, where the tombstones are.
type groups struct {
	heads    headHeap
	tags     map[string]uint64 // of the groups in heads
	end      head              // H keys at or above end are on disk only, unless complete
	complete bool
	locked   map[string]int // FIFO: messages in flight of each group that has any
	dueAt    time.Time      // FIFO: when the first head's delay ends; zero if none was found delayed
	sends    []time.Time    // FIFO with a delay: when what may still be delayed was sent
}

type head struct {
	tag   uint64
	group string
}

func (h head) less(o head) bool {
	if h.tag != o.tag {
		return h.tag < o.tag
	}
	return h.group < o.group
}

// Memory holds at most maxHeads groups, and reads pageHeads at once.
const (
	maxHeads  = 8192
	pageHeads = 2048
)

func (g *groups) open(from uint64) {
	*g = groups{tags: map[string]uint64{}, end: head{tag: from}, locked: map[string]int{}}
}

// floor is a tag below which H is empty.
func (g *groups) floor() uint64 {
	if len(g.heads) > 0 {
		return g.heads[0].tag
	}
	if g.complete {
		return ^uint64(0)
	}
	return g.end.tag
}

func (g *groups) insert(tx *store.Tx, q *Queue, h head) error {
	q.touch(tx) // the floor may have sunk
	var k key
	if err := tx.Set(k.head(q.id, h.tag, h.group), nil); err != nil {
		return err
	}
	if g.complete || h.less(g.end) {
		g.push(h)
	}
	return nil
}

func (g *groups) push(h head) {
	heap.Push(&g.heads, h)
	g.tags[h.group] = h.tag
	if len(g.heads) <= maxHeads {
		return
	}
	// A sorted slice is a heap: the larger half goes back to disk only.
	slices.SortFunc(g.heads, func(a, b head) int {
		if a.less(b) {
			return -1
		}
		return 1
	})
	g.end, g.complete = g.heads[maxHeads/2], false
	for _, h := range g.heads[maxHeads/2:] {
		delete(g.tags, h.group)
	}
	clear(g.heads[maxHeads/2:])
	g.heads = g.heads[:maxHeads/2]
}

// first is the group to serve next.
func (g *groups) first(tx *store.Tx, q *Queue) (head, bool, error) {
	if len(g.heads) == 0 && !g.complete {
		if err := g.fill(tx, q); err != nil {
			return head{}, false, err
		}
	}
	if len(g.heads) == 0 {
		return head{}, false, nil
	}
	return g.heads[0], true, nil
}

func (g *groups) fill(tx *store.Tx, q *Queue) error {
	var lo, hi key
	var page []head
	err := tx.Scan(lo.head(q.id, g.end.tag, g.end.group), hi.start(store.SpaceQueueHead, q.id+1).bytes(), func(k, _ []byte) bool {
		page = append(page, head{u64at(k, 9), string(k[17:])})
		return len(page) <= pageHeads
	})
	if err != nil {
		return fmt.Errorf("read groups of %s: %w", q.name.Name, err)
	}
	if g.complete = len(page) <= pageHeads; !g.complete {
		g.end = page[pageHeads]
		page = page[:pageHeads]
	}
	for _, h := range page {
		g.push(h)
	}
	return nil
}

// removeFirst takes the first group's H key away.
func (g *groups) removeFirst(tx *store.Tx, q *Queue) error {
	h := heap.Pop(&g.heads).(head)
	delete(g.tags, h.group)
	var k key
	return tx.Delete(k.head(q.id, h.tag, h.group))
}

// enqueue puts a message into its group's waiting line and, if that makes the
// group one to receive from, says so.
func (q *Queue) enqueue(tx *store.Tx, group string, seq uint64) error {
	known := q.groups.locked[group] > 0
	if !known {
		_, known = q.groups.tags[group]
	}
	if !known && !q.groups.complete {
		// The group may have an H key beyond the bound: it has if it has messages.
		seqs, err := q.waiting(tx, group, 1)
		if err != nil {
			return err
		}
		known = len(seqs) > 0
	}
	var k key
	if err := tx.Set(k.group(q.id, group, seq), nil); err != nil || known {
		return err
	}
	return q.groups.insert(tx, q, head{q.tagFor(seq), group})
}

func (q *Queue) tagFor(seq uint64) uint64 {
	if q.settings.Config.FIFO {
		return seq
	}
	return q.counters.clock
}

// waiting is the first n seqs of a group's line.
func (q *Queue) waiting(tx *store.Tx, group string, n int) ([]uint64, error) {
	var lo, hi key
	var seqs []uint64
	err := tx.Scan(lo.group(q.id, group, 0), hi.group(q.id, group, ^uint64(0)), func(k, _ []byte) bool {
		seqs = append(seqs, u64at(k, len(k)-8))
		return len(seqs) < n
	})
	if err != nil {
		return nil, fmt.Errorf("read group of %s: %w", q.name.Name, err)
	}
	return seqs, nil
}

// hold counts one more message of a group in flight.
func (g *groups) hold(q *Queue, group string) {
	if q.settings.Config.FIFO {
		g.locked[group]++
	}
}

// release counts one less; the last one opens the group.
func (q *Queue) release(tx *store.Tx, group string) error {
	if !q.settings.Config.FIFO || group == "" {
		return nil
	}
	g := &q.groups
	if g.locked[group]--; g.locked[group] > 0 {
		return nil
	}
	delete(g.locked, group)
	seqs, err := q.waiting(tx, group, 1)
	if err != nil || len(seqs) == 0 {
		return err
	}
	q.wakeOne(tx)
	return g.insert(tx, q, head{seqs[0], group})
}

// comeBack returns a grouped message, whose flight has ended, to its line.
func (q *Queue) comeBack(tx *store.Tx, a *airborne) error {
	var k key
	var v [stateSize + 128]byte
	if err := tx.Delete(k.later(store.SpaceQueueLater, q.id, a.deadline, a.seq)); err != nil {
		return err
	}
	if err := tx.Set(k.seq(store.SpaceQueueState, q.id, a.seq), a.state.encode(v[:0])); err != nil {
		return err
	}
	q.touch(tx)
	return q.enqueue(tx, a.group, a.seq)
}

// nextDelayed is when the first group's delay ends.
func (g *groups) nextDelayed() (time.Time, bool) { return g.dueAt, !g.dueAt.IsZero() }

// noteSend remembers when a message of a FIFO queue with a delay was sent.
func (g *groups) noteSend(at time.Time) {
	if len(g.sends) < maxNotedSends {
		g.sends = append(g.sends, at)
	}
}

// maxNotedSends bounds memory; beyond it Counts.Delayed is too small.
const maxNotedSends = 1 << 20

func (g *groups) countDelayed(delay time.Duration, now time.Time) int {
	for len(g.sends) > 0 && !g.sends[0].Add(delay).After(now) {
		g.sends = g.sends[1:]
	}
	return len(g.sends)
}

type headHeap []head

func (h headHeap) Len() int           { return len(h) }
func (h headHeap) Less(i, j int) bool { return h[i].less(h[j]) }
func (h headHeap) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *headHeap) Push(x any)        { *h = append(*h, x.(head)) }
func (h *headHeap) Pop() any {
	old := *h
	last := old[len(old)-1]
	old[len(old)-1] = head{}
	*h = old[:len(old)-1]
	return last
}
