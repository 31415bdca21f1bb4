// Package meter counts what happens to events and deliveries by bus, rule and
// target, and to messages by topic.
//
// Whoever handles an event holds a pointer to the counters that it adds to,
// found once when a rule is compiled: counting is an atomic add, and needs no
// map and no lock. The Book is where the pointers come from, and what is read
// when somebody asks for the numbers.
//
// Invariants:
//
//  1. A Book has at most so many buses, rules, targets and topics as it was told, each.
//     What comes after them is counted together, as the other.
//  2. What was forgotten is in no Snapshot, except a target for which deliveries
//     still wait: that goes with the last of them.
//
// It refuses to know what reads the numbers.
package meter

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/carillon-events/carillon/internal/arn"
)

// Bus counts the events of a bus. Methods of a nil *Bus, *Rule or *Target do
// nothing.
type Bus struct{ accepted, matched, unmatched atomic.Uint64 }

// Accepted counts an event that rules matched, or none did.
func (b *Bus) Accepted(matched bool) {
	if b == nil {
		return
	}
	b.accepted.Add(1)
	if matched {
		b.matched.Add(1)
	} else {
		b.unmatched.Add(1)
	}
}

// Rule counts the events of a rule.
type Rule struct{ matched atomic.Uint64 }

// Matched counts an event.
func (r *Rule) Matched() {
	if r != nil {
		r.matched.Add(1)
	}
}

// Target counts the deliveries to a target of a rule.
type Target struct {
	key  targetKey
	book *Book

	direct                               atomic.Uint64 // delivered in the transaction that accepted the event
	kept, retried, deadLettered, dropped atomic.Uint64
	waiting                              atomic.Int64
	later                                ages
}

// Delivered counts a delivery that was applied in its event's own transaction.
func (t *Target) Delivered() {
	if t != nil {
		t.direct.Add(1)
	}
}

// Kept counts a delivery that waits from now on.
func (t *Target) Kept() {
	if t != nil {
		t.kept.Add(1)
		t.waiting.Add(1)
	}
}

// Retried counts an attempt at a delivery that was kept.
func (t *Target) Retried() {
	if t != nil {
		t.retried.Add(1)
	}
}

// End is how a delivery that was kept ended.
type End byte

// The ends.
const (
	Arrived End = iota
	DeadLettered
	Dropped
)

// Ended counts the end of a delivery that waited, at that age.
func (t *Target) Ended(how End, age time.Duration) {
	if t == nil {
		return
	}
	switch how {
	case Arrived:
		t.later.observe(age)
	case DeadLettered:
		t.deadLettered.Add(1)
	case Dropped:
		t.dropped.Add(1)
	}
	if t.waiting.Add(-1) == 0 {
		t.book.emptied(t)
	}
}

// BusKey names a bus.
type BusKey struct{ Account, Region, Bus string }

// targetKey names a target of a rule, which is named by its ARN.
type targetKey struct{ rule, target string }

// Book has the counters of all.
type Book struct {
	most    int
	counted atomic.Bool // what waited at the start is in waiting

	mu      sync.Mutex // guards what follows
	buses   map[BusKey]*Bus
	rules   map[string]*Rule
	targets map[targetKey]*Target
	topics  map[TopicKey]*Topic
	gone    map[targetKey]bool // forgotten, and yet waited for

	otherBus    Bus
	otherRule   Rule
	otherTarget Target
	otherTopic  Topic
}

// NewBook is a Book with counters of their own for so many buses, rules and
// targets.
func NewBook(most int) *Book {
	b := &Book{
		most: most, buses: map[BusKey]*Bus{}, rules: map[string]*Rule{},
		targets: map[targetKey]*Target{}, topics: map[TopicKey]*Topic{}, gone: map[targetKey]bool{},
	}
	b.otherTarget.book = b
	return b
}

// Bus has the counters of a bus. A nil Book has none.
func (b *Book) Bus(n BusKey) *Bus {
	if b == nil {
		return nil
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if m := b.buses[n]; m != nil {
		return m
	}
	if len(b.buses) >= b.most {
		return &b.otherBus
	}
	m := new(Bus)
	b.buses[n] = m
	return m
}

// Rule has the counters of a rule, by its ARN.
func (b *Book) Rule(arn string) *Rule {
	if b == nil {
		return nil
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if m := b.rules[arn]; m != nil {
		return m
	}
	if len(b.rules) >= b.most {
		return &b.otherRule
	}
	m := new(Rule)
	b.rules[arn] = m
	return m
}

// Target has the counters of a rule's target, by the rule's ARN and the
// target's id.
func (b *Book) Target(rule, target string) *Target {
	if b == nil {
		return nil
	}
	key := targetKey{rule, target}
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.gone, key)
	if m := b.targets[key]; m != nil {
		return m
	}
	if len(b.targets) >= b.most || rule == "" {
		return &b.otherTarget
	}
	m := &Target{key: key, book: b}
	b.targets[key] = m
	return m
}

// Waiting has the counters of a delivery that comes out of the outbox: those that
// counted it when it went in. It does not bring a target back that was forgotten.
// Deliveries of a topic are no rule's, and have none.
func (b *Book) Waiting(rule, target string) *Target {
	if b == nil || arn.ServiceOf(rule) == "sns" {
		return nil
	}
	b.mu.Lock()
	m := b.targets[targetKey{rule, target}]
	b.mu.Unlock()
	switch {
	case m != nil:
		return m
	case b.counted.Load(): // it had no counters of its own then, and gets none now
		return &b.otherTarget
	}
	return b.Target(rule, target)
}

// ForgetBus, ForgetRule and ForgetTarget drop the counters of what was deleted.
func (b *Book) ForgetBus(n BusKey) {
	if b == nil {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.buses, n)
}

// ForgetRule drops the counters of a rule; its targets have theirs.
func (b *Book) ForgetRule(arn string) {
	if b == nil {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.rules, arn)
}

// ForgetTarget drops the counters of a target, once nothing waits for it.
func (b *Book) ForgetTarget(rule, target string) {
	if b == nil {
		return
	}
	key := targetKey{rule, target}
	b.mu.Lock()
	defer b.mu.Unlock()
	if m := b.targets[key]; m != nil && m.waiting.Load() != 0 {
		b.gone[key] = true
		return
	}
	delete(b.targets, key)
}

// emptied drops a target that was forgotten, when the last delivery to it ended.
func (b *Book) emptied(t *Target) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.gone[t.key] && b.targets[t.key] == t {
		delete(b.gone, t.key)
		delete(b.targets, t.key)
	}
}

// Found counts a delivery that waited before anything was counted. Until Counted
// is called, Snapshots do not say how many wait.
func (b *Book) Found(rule, target string) {
	if t := b.Waiting(rule, target); t != nil {
		t.waiting.Add(1)
	}
}

// Counted says that Found was called for all.
func (b *Book) Counted() { b.counted.Store(true) }
