package meter

import "sync/atomic"

// Topic counts what becomes of the messages of a topic. Methods of a nil *Topic
// do nothing.
type Topic struct {
	published, bytes                          atomic.Uint64
	delivered, retried, deadLettered, dropped atomic.Uint64
	filtered                                  [filters]atomic.Uint64
}

// Filter is why a subscription does not get a message.
type Filter byte

// The reasons.
const (
	ByAttributes      Filter = iota // they do not match its policy
	NoAttributes                    // there are none to match
	InvalidAttributes               // they cannot be matched
	ByBody                          // it does not match
	InvalidBody                     // it is no JSON object
	filters
)

// Filters are all reasons, as metrics call them.
var Filters = [filters]string{"attributes", "no_attributes", "invalid_attributes", "body", "invalid_body"}

// FilteredOut is how many subscriptions did not get a message, and why.
type FilteredOut struct {
	Attributes, Body       int
	OfAttributes, AsToBody Filter // why
}

// Published counts a message of that many bytes.
func (t *Topic) Published(bytes int) {
	if t != nil {
		t.published.Add(1)
		t.bytes.Add(uint64(bytes))
	}
}

// FilteredOut counts the subscriptions whose filter policies a message did not
// pass.
func (t *Topic) FilteredOut(f FilteredOut) {
	if t == nil {
		return
	}
	if f.Attributes > 0 {
		t.filtered[f.OfAttributes].Add(uint64(f.Attributes))
	}
	if f.Body > 0 {
		t.filtered[f.AsToBody].Add(uint64(f.Body))
	}
}

// Delivered counts deliveries that arrived.
func (t *Topic) Delivered(n int) {
	if t != nil && n > 0 {
		t.delivered.Add(uint64(n))
	}
}

// Retried counts an attempt after the first.
func (t *Topic) Retried() {
	if t != nil {
		t.retried.Add(1)
	}
}

// Ended counts a delivery that was not made at once.
func (t *Topic) Ended(how End) {
	if t == nil {
		return
	}
	switch how {
	case Arrived:
		t.delivered.Add(1)
	case DeadLettered:
		t.deadLettered.Add(1)
	case Dropped:
		t.dropped.Add(1)
	}
}

// TopicKey names a topic.
type TopicKey struct{ Account, Region, Topic string }

// Topic has the counters of a topic. A nil Book has none.
func (b *Book) Topic(n TopicKey) *Topic {
	if b == nil {
		return nil
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if m := b.topics[n]; m != nil {
		return m
	}
	if len(b.topics) >= b.most {
		return &b.otherTopic
	}
	m := new(Topic)
	b.topics[n] = m
	return m
}

// ForgetTopic drops the counters of a topic.
func (b *Book) ForgetTopic(n TopicKey) {
	if b == nil {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.topics, n)
}

// TopicCounts is what a topic has counted.
type TopicCounts struct {
	Key   TopicKey
	Other bool

	Published, Bytes                          uint64
	Delivered, Retried, DeadLettered, Dropped uint64
	Filtered                                  [filters]uint64 // by Filter
}

func (t *Topic) counts(n TopicKey) TopicCounts {
	c := TopicCounts{
		Key: n, Published: t.published.Load(), Bytes: t.bytes.Load(), Delivered: t.delivered.Load(), Retried: t.retried.Load(),
		DeadLettered: t.deadLettered.Load(), Dropped: t.dropped.Load(),
	}
	for i := range c.Filtered {
		c.Filtered[i] = t.filtered[i].Load()
	}
	return c
}
