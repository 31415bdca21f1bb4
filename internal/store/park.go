package store

import (
	"container/heap"
	"errors"
	"sync"
	"time"
)

// A Topic is what a call can wait for: a key space and a number of its owner's.
type Topic struct {
	Space byte
	ID    uint64
}

// ErrWaitEnded: the call was parked, and its context ended, or the shard is
// closing, before it was woken. Nothing was changed.
var ErrWaitEnded = errors.New("store: nothing came while waiting")

var errWait = errors.New("store: parked")

// Wait parks the call: return what it returns, having written nothing. When
// somebody wakes the topic, the closure runs again from its start, in the same
// record as the call that woke it. Who waits longest is woken first. A parked
// call costs about 100 bytes and no time.
func (t *Tx) Wait(topic Topic) error {
	t.waitFor = topic
	return errWait
}

// Wake runs up to n of the calls that wait for topic after this one.
func (t *Tx) Wake(topic Topic, n int) {
	t.woken = t.shard.parking.pop(topic, n, t.woken)
}

// Waiting is how many calls wait for topic.
func (t *Tx) Waiting(topic Topic) int { return t.shard.parking.count(topic) }

// WakeAt wakes one call that waits for topic when tx.Now has reached at; that
// call must wake the next one, or ask again. Only the earliest instant of a
// topic is kept. Memory only: whoever waits asks again after a restart.
func (t *Tx) WakeAt(topic Topic, at time.Time) { t.shard.alarms.set(topic, at) }

// ReleaseParked ends the wait of all parked calls with ErrWaitEnded.
func (s *Shard) ReleaseParked() {
	for _, c := range s.parking.all() {
		c.finish(ErrWaitEnded)
	}
}

// parking holds the parked calls, a queue for each topic. A call is in it, or
// belongs to the writer, or has been given back: mu decides which.
type parking struct {
	mu       sync.Mutex
	topics   map[Topic]*lane
	arrivals uint64
}

type lane struct {
	first, last *call
	n           int
}

// park puts c into topic's queue, or back at its place if it was woken for
// nothing, unless its caller is gone.
func (p *parking) park(c *call, topic Topic) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if c.gone {
		return false
	}
	l := p.topics[topic]
	if l == nil {
		l = &lane{}
		p.topics[topic] = l
	}
	if c.since == 0 {
		p.arrivals++
		c.since = p.arrivals
	}
	l.insert(c)
	c.topic, c.parked = topic, true
	return true
}

// insert puts c before those who came after it. Those who came before it are
// none where c is new, and few where it is not: it was near the head.
func (l *lane) insert(c *call) {
	l.n++
	if l.last == nil || l.last.since < c.since {
		if c.prev = l.last; c.prev != nil {
			c.prev.next = c
		} else {
			l.first = c
		}
		l.last = c
		return
	}
	at := l.first
	for at.since < c.since {
		at = at.next
	}
	c.prev, c.next = at.prev, at
	if at.prev != nil {
		at.prev.next = c
	} else {
		l.first = c
	}
	at.prev = c
}

// leave takes c out for its caller; false if the writer has it.
func (p *parking) leave(c *call) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !c.parked {
		c.gone = true
		return false
	}
	p.unlink(c)
	return true
}

func (p *parking) pop(topic Topic, n int, to []*call) []*call {
	p.mu.Lock()
	defer p.mu.Unlock()
	l := p.topics[topic]
	for ; l != nil && l.first != nil && n > 0; n-- {
		c := l.first
		p.unlink(c)
		to = append(to, c)
	}
	return to
}

func (p *parking) unlink(c *call) {
	l := p.topics[c.topic]
	if c.prev != nil {
		c.prev.next = c.next
	} else {
		l.first = c.next
	}
	if c.next != nil {
		c.next.prev = c.prev
	} else {
		l.last = c.prev
	}
	c.prev, c.next, c.parked = nil, nil, false
	if l.n--; l.n == 0 {
		delete(p.topics, c.topic)
	}
}

func (p *parking) count(topic Topic) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	if l := p.topics[topic]; l != nil {
		return l.n
	}
	return 0
}

func (p *parking) all() []*call {
	p.mu.Lock()
	defer p.mu.Unlock()
	var calls []*call
	for _, l := range p.topics {
		for c := l.first; c != nil; c = l.first {
			p.unlink(c)
			calls = append(calls, c)
		}
	}
	return calls
}

// alarms are the instants at which topics are woken. Of the writer alone.
type alarms struct {
	order alarmHeap
	at    map[Topic]time.Time // the earliest of each topic; others in order are stale
}

type alarm struct {
	at    time.Time
	topic Topic
}

func (a *alarms) set(topic Topic, at time.Time) {
	if old, ok := a.at[topic]; ok && !at.Before(old) {
		return
	}
	if a.at == nil {
		a.at = map[Topic]time.Time{}
	}
	a.at[topic] = at
	heap.Push(&a.order, alarm{at, topic})
}

// next is the earliest instant that still counts.
func (a *alarms) next() (time.Time, bool) {
	for len(a.order) > 0 {
		first := a.order[0]
		if a.at[first.topic].Equal(first.at) {
			return first.at, true
		}
		heap.Pop(&a.order)
	}
	return time.Time{}, false
}

func (a *alarms) due(c *clock) bool {
	at, ok := a.next()
	return ok && !at.After(c.now())
}

func (a *alarms) fire(tx *Tx) {
	for {
		if at, ok := a.next(); !ok || at.After(tx.now) {
			return
		}
		first := heap.Pop(&a.order).(alarm)
		delete(a.at, first.topic)
		tx.Wake(first.topic, 1)
	}
}

type alarmHeap []alarm

func (h alarmHeap) Len() int           { return len(h) }
func (h alarmHeap) Less(i, j int) bool { return h[i].at.Before(h[j].at) }
func (h alarmHeap) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *alarmHeap) Push(x any)        { *h = append(*h, x.(alarm)) }
func (h *alarmHeap) Pop() any {
	old := *h
	last := old[len(old)-1]
	*h = old[:len(old)-1]
	return last
}
