package queue

import (
	"container/heap"
	"encoding/binary"
	"fmt"
	"slices"
	"time"

	"github.com/carillon-events/carillon/internal/store"
)

// Groups are how FIFO queues keep order and standard queues are fair.
//
// G holds a group's waiting messages in order of their tickets. H{tag}{from}{group},
// and V beside it, stand for a group that may be received from: one that has
// messages and, in a FIFO queue, none in flight. The smallest tag is served
// first. A group's line is read from the ticket that H remembers, behind which
// lie the tombstones of what was served.
//
//   - FIFO: the ticket is the seq, so a message that comes back has its old
//     place. The tag is the seq of the group's first message, so the oldest
//     message goes first. Receiving takes the H key away (the group is locked),
//     and what ends the last flight of the group puts it back: a locked group
//     costs nothing to skip.
//   - Standard: a message that comes back gets a new ticket. The tag is a virtual time, as in start-time fair queuing (Goyal,
//     Vin and Cheng, 1996). A group that wakes up gets the current time, one that
//     was served gets a later one; so a group with a million messages waits its
//     turn like a group with one.
//
// Memory holds the H keys below a bound, and reads on from the bound when they
// are used up: never from the start, where the tombstones are.
type groups struct {
	heads    headHeap
	tags     map[string]uint64 // of the groups in heads; a group here is also in heads
	end      head              // H keys at or above end are on disk only, unless complete
	complete bool

	away      filter              // groups at or above end, and some that were
	awayKnown bool                // else away is of no use
	locked    map[string]lock     // FIFO: groups with messages in flight
	serving   string              // the group being served, which is in none of these
	served    map[string]struct{} // standard: groups that had their turn at the current virtual time, as far as remembered
	dueAt     time.Time           // FIFO: when the first head's delay ends; zero if none was found delayed
	sends     sends

	servingFrom uint64 // no ticket in its line is smaller
}

type head struct {
	tag   uint64
	group string
	from  uint64 // no ticket of the group is smaller
}

type lock struct {
	flying int
	from   uint64 // as in head
}

func (h head) less(o head) bool {
	if h.tag != o.tag {
		return h.tag < o.tag
	}
	if h.from != o.from {
		return h.from < o.from
	}
	return h.group < o.group
}

// Memory holds at most maxHeads groups, and reads pageHeads at once. Variables,
// as other pages too, so that tests can turn them often.
var (
	maxHeads  = 8192
	pageHeads = 2048
)

func (g *groups) open(from uint64) {
	*g = groups{tags: map[string]uint64{}, end: head{tag: from}, locked: map[string]lock{}}
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
	if err := tx.Set(k.head(q.id, h), nil); err != nil {
		return err
	}
	v := binary.BigEndian.AppendUint64(make([]byte, 0, 16), h.tag)
	if err := tx.Set(k.active(q.id, h.group), binary.BigEndian.AppendUint64(v, h.from)); err != nil {
		return err
	}
	if g.complete || h.less(g.end) {
		g.push(h)
	} else if g.awayKnown {
		g.away.add(hashOf(h.group))
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
	if g.complete {
		g.away, g.awayKnown = filter{}, true
	}
	g.end, g.complete = g.heads[maxHeads/2], false
	for _, h := range g.heads[maxHeads/2:] {
		delete(g.tags, h.group)
		g.away.add(hashOf(h.group))
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
	err := tx.Scan(lo.head(q.id, g.end), hi.start(store.SpaceQueueHead, q.id+1).bytes(), func(k, _ []byte) bool {
		page = append(page, head{tag: u64at(k, 9), from: u64at(k, 17), group: string(k[25:])})
		return len(page) <= pageHeads
	})
	if err != nil {
		return fmt.Errorf("read groups of %s: %w", q.name.Name, err)
	}
	if g.complete = len(page) <= pageHeads; g.complete {
		g.away, g.awayKnown = filter{}, false
	} else {
		g.end = page[pageHeads]
		page = page[:pageHeads]
	}
	for _, h := range page {
		g.push(h)
	}
	return nil
}

// removeFirst takes the first group's keys away.
func (g *groups) removeFirst(tx *store.Tx, q *Queue) error {
	h := heap.Pop(&g.heads).(head)
	delete(g.tags, h.group)
	var k key
	if err := tx.Delete(k.head(q.id, h)); err != nil {
		return err
	}
	return tx.Delete(k.active(q.id, h.group))
}

// enqueue puts a message into its group's waiting line and, if that makes the
// group one to receive from, says so.
func (q *Queue) enqueue(tx *store.Tx, group string, seq uint64) error {
	return q.enqueueAs(tx, group, place{ticket: seq, seq: seq})
}

func (q *Queue) enqueueAs(tx *store.Tx, group string, p place) error {
	known, err := q.isKnown(tx, group, p.ticket)
	if err != nil {
		return err
	}
	var k key
	var v []byte
	if p.again {
		v = binary.BigEndian.AppendUint64(nil, p.seq)
	}
	if err := tx.Set(k.group(q.id, group, p.ticket), v); err != nil || known {
		return err
	}
	return q.groups.insert(tx, q, head{q.tagFor(group, p.ticket), group, p.ticket})
}

// isKnown is whether the group is locked or has its keys already.
func (q *Queue) isKnown(tx *store.Tx, group string, ticket uint64) (bool, error) {
	g := &q.groups
	if g.serving == group {
		g.servingFrom = min(g.servingFrom, ticket)
		return true, nil
	}
	if l, ok := g.locked[group]; ok {
		if ticket < l.from {
			l.from = ticket
			g.locked[group] = l
		}
		return true, nil
	}
	if _, ok := g.tags[group]; ok || g.complete || g.awayKnown && !g.away.has(hashOf(group)) {
		return ok, nil
	}
	var k key
	_, ok, err := tx.Get(k.active(q.id, group))
	return ok, err
}

// tagFor is the tag of a group that wakes up. One that had its turn at this
// time already gets the next: else a group whose messages come one by one, each
// before the next receipt, would be served alone.
func (q *Queue) tagFor(group string, seq uint64) uint64 {
	if q.settings.Config.FIFO {
		return seq
	}
	served := q.groups.served
	if _, ok := served[group]; ok || len(served) >= maxHeads {
		return q.counters.clock + 1
	}
	return q.counters.clock
}

// serve sets the virtual time to a group's tag.
func (q *Queue) serve(h head) {
	g := &q.groups
	if h.tag > q.counters.clock {
		q.counters.clock = h.tag
		if len(g.served) > 64 {
			g.served = nil // clearing costs what the map once held
		}
		clear(g.served)
	}
	if g.served == nil {
		g.served = map[string]struct{}{}
	}
	if len(g.served) < maxHeads {
		g.served[h.group] = struct{}{}
	}
}

// place is a message's in its group's line.
type place struct {
	ticket, seq uint64
	again       bool // was received before: I has its state
}

// waiting is the first n places of a group's line, none of them before from.
func (q *Queue) waiting(tx *store.Tx, group string, from uint64, n int) ([]place, error) {
	var lo, hi key
	var line []place
	err := tx.Scan(lo.group(q.id, group, from), hi.group(q.id, group, ^uint64(0)), func(k, v []byte) bool {
		p := place{ticket: u64at(k, len(k)-8)}
		if p.seq = p.ticket; len(v) == 8 {
			p.seq, p.again = u64at(v, 0), true
		}
		line = append(line, p)
		return len(line) < n
	})
	if err != nil {
		return nil, fmt.Errorf("read group of %s: %w", q.name.Name, err)
	}
	return line, nil
}

// hold counts one more message of a FIFO group in flight.
func (g *groups) hold(q *Queue, group string, from uint64) {
	if !q.settings.Config.FIFO {
		return
	}
	l, ok := g.locked[group]
	if !ok || from < l.from {
		l.from = from
	}
	l.flying++
	g.locked[group] = l
}

// release counts one less; the last one opens the group.
func (q *Queue) release(tx *store.Tx, group string) error {
	if !q.settings.Config.FIFO || group == "" {
		return nil
	}
	l := q.groups.locked[group]
	if l.flying--; l.flying > 0 {
		q.groups.locked[group] = l
		return nil
	}
	delete(q.groups.locked, group)
	if l.from == ^uint64(0) { // nothing has come since its line was emptied
		return nil
	}
	return q.reopen(tx, group, l.from)
}

// reopen makes a FIFO group that has nothing in flight one to receive from, if
// it has messages.
func (q *Queue) reopen(tx *store.Tx, group string, from uint64) error {
	if _, open := q.groups.tags[group]; open {
		return nil
	}
	line, err := q.waiting(tx, group, from, 1)
	if err != nil || len(line) == 0 {
		return err
	}
	q.wakeOne(tx)
	return q.groups.insert(tx, q, head{line[0].ticket, group, line[0].ticket})
}

// comeBack returns a grouped message, whose flight has ended, to its line.
func (q *Queue) comeBack(tx *store.Tx, a *airborne) error {
	var k key
	if err := tx.Delete(k.later(store.SpaceQueueLater, q.id, a.deadline, a.seq)); err != nil {
		return err
	}
	return q.queueAgain(tx, a.seq, a.state)
}

// queueAgain puts a message that was received before into its line.
func (q *Queue) queueAgain(tx *store.Tx, seq uint64, s state) error {
	var k key
	var v [maxState]byte
	if err := tx.Set(k.seq(store.SpaceQueueState, q.id, seq), s.encode(v[:0])); err != nil {
		return err
	}
	q.touch(tx)
	p := place{ticket: seq, seq: seq, again: true}
	if !q.settings.Config.FIFO {
		p.ticket = q.counters.nextSeq
		q.counters.nextSeq++
		q.fresh.sent(p.ticket, nil)
	}
	return q.enqueueAs(tx, s.group, p)
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
