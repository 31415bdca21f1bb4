package meter

import (
	"sync/atomic"
	"time"
)

// Bounds are the upper bounds of the ages that are told apart.
var Bounds = [...]time.Duration{
	time.Millisecond, 5 * time.Millisecond, 10 * time.Millisecond, 50 * time.Millisecond, 100 * time.Millisecond, 500 * time.Millisecond,
	time.Second, 5 * time.Second, 30 * time.Second, time.Minute, 5 * time.Minute, 15 * time.Minute,
	time.Hour, 4 * time.Hour, 12 * time.Hour, 24 * time.Hour,
}

// ages is a histogram of ages.
type ages struct {
	counts [len(Bounds) + 1]atomic.Uint64
	micros atomic.Uint64 // their sum
}

func (a *ages) observe(age time.Duration) {
	i := 0
	for i < len(Bounds) && age > Bounds[i] {
		i++
	}
	a.counts[i].Add(1)
	a.micros.Add(uint64(max(0, age.Microseconds())))
}

// BusCounts is what a bus has counted.
type BusCounts struct {
	Key                          BusKey
	Other                        bool // all that have no counters of their own
	Accepted, Matched, Unmatched uint64
}

// RuleCounts is what a rule has counted.
type RuleCounts struct {
	Rule    string // ARN
	Other   bool
	Matched uint64
}

// TargetCounts is what a target has counted.
type TargetCounts struct {
	Rule, Target string
	Other        bool

	Delivered, Kept, Retried, DeadLettered, Dropped uint64

	Waiting int64
	Ages    Ages
}

// Ages is a histogram of the ages at which deliveries arrived.
type Ages struct {
	Counts [len(Bounds)]uint64 // up to each of Bounds, cumulative
	Count  uint64
	Sum    time.Duration
}

// Snapshot is what a Book has counted. It includes the other ones where there
// are any.
type Snapshot struct {
	Buses   []BusCounts
	Rules   []RuleCounts
	Targets []TargetCounts
	Topics  []TopicCounts
	Counted bool // Waiting is right
}

// Snapshot reads all counters.
func (b *Book) Snapshot() Snapshot {
	b.mu.Lock()
	defer b.mu.Unlock()
	s := Snapshot{Counted: b.counted.Load()}
	for n, m := range b.buses {
		s.Buses = append(s.Buses, m.counts(n, false))
	}
	for arn, m := range b.rules {
		s.Rules = append(s.Rules, RuleCounts{Rule: arn, Matched: m.matched.Load()})
	}
	for key, m := range b.targets {
		t := m.counts()
		t.Rule, t.Target = key.rule, key.target
		s.Targets = append(s.Targets, t)
	}
	if other := b.otherBus.counts(BusKey{}, true); other.Accepted > 0 {
		s.Buses = append(s.Buses, other)
	}
	if n := b.otherRule.matched.Load(); n > 0 {
		s.Rules = append(s.Rules, RuleCounts{Other: true, Matched: n})
	}
	if other := b.otherTarget.counts(); other != (TargetCounts{}) {
		other.Other = true
		s.Targets = append(s.Targets, other)
	}
	for n, m := range b.topics {
		s.Topics = append(s.Topics, m.counts(n))
	}
	if other := b.otherTopic.counts(TopicKey{}); other != (TopicCounts{}) {
		other.Other = true
		s.Topics = append(s.Topics, other)
	}
	return s
}

func (b *Bus) counts(n BusKey, other bool) BusCounts {
	return BusCounts{n, other, b.accepted.Load(), b.matched.Load(), b.unmatched.Load()}
}

// counts reads a target. One that was delivered at once had no age.
func (t *Target) counts() TargetCounts {
	c := TargetCounts{
		Kept: t.kept.Load(), Retried: t.retried.Load(), DeadLettered: t.deadLettered.Load(), Dropped: t.dropped.Load(),
		Waiting: max(0, t.waiting.Load()),
	}
	sum := t.direct.Load()
	for i := range t.later.counts {
		sum += t.later.counts[i].Load()
		if i < len(Bounds) {
			c.Ages.Counts[i] = sum
		}
	}
	c.Delivered, c.Ages.Count = sum, sum
	c.Ages.Sum = time.Duration(t.later.micros.Load()) * time.Microsecond
	return c
}
