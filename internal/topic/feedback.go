package topic

import (
	"hash/fnv"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/carillon-events/carillon/internal/arn"
	"github.com/carillon-events/carillon/internal/delivery"
	"github.com/carillon-events/carillon/internal/store"
)

// Feedback says which attempts at deliveries somebody wants to hear of.
type Feedback struct {
	Successes int  `json:"successes,omitempty"` // of so many messages in a hundred
	Failures  bool `json:"failures,omitempty"`
}

// Wants tells whether an attempt at a delivery of a message is to be told of.
// Of a message that was sampled, all successes are.
func (f Feedback) Wants(messageID string, failed bool) bool {
	if failed {
		return f.Failures
	}
	if f.Successes <= 0 || f.Successes >= 100 {
		return f.Successes > 0
	}
	h := fnv.New32a()
	_, _ = h.Write([]byte(messageID))
	return int(h.Sum32()%100) < f.Successes
}

// FeedbackFor is what is told of a protocol.
func (c *Config) FeedbackFor(p Protocol) Feedback {
	if p == HTTPPlain {
		p = HTTPS
	}
	return c.Feedback[p]
}

// Attempted is an attempt at a delivery of a message.
type Attempted struct {
	Topic    Name // "": it was sent without one
	Config   Config
	Delivery delivery.Delivery
	Attempts int       // this one among them
	At       time.Time // when it was made
	Failure  error
	Says     string // delivery.Answer's
	Code     int    // delivery.Answer's

	// Of a delivery without a body: what was published, and when. Of others, that is
	// in the body.
	Text        string
	PublishedAt time.Time
}

// Follow has fn be told of attempts that topics have Feedback for, and of all at
// apps on devices, whose applications may have it. It is called after the
// commit, by the shard's writer: it must not wait, and not change what it gets.
// Call it before the first Publish.
func (c *Core) Follow(fn func(a *Attempted)) { c.follow = fn }

// sent tells of a delivery that was made in the transaction that made it.
func (c *Core) sent(tx *store.Tx, a *audience, m *Message, d *delivery.Delivery) {
	if a.config.Feedback == nil || c.follow == nil || !a.config.FeedbackFor(Queue).Wants(uuid.UUID(m.ID).String(), false) {
		return
	}
	told := &Attempted{Topic: a.name, Config: a.config, Delivery: *d, Attempts: 1, At: tx.Now(), Text: m.text(Queue), PublishedAt: m.At}
	told.Delivery.Body, told.Delivery.Shared = nil, nil // the text is shared by all
	tx.AfterCommit(func() { c.follow(told) })
}

// Witness implements delivery.Witness: it hears what becomes of deliveries that
// were not made at once.
func (c *Core) Witness(tx *store.Tx, r *delivery.Report) error {
	d := r.Delivery
	if arn.ServiceOf(d.Source) != "sns" || d.EventID == "" { // of a rule; or an endpoint is asked
		return nil
	}
	n, config, err := c.source(tx, d.Source)
	if err != nil {
		return err
	}
	if n.Topic != "" {
		c.observe(tx, n, r)
	}
	if c.follow == nil || config.Feedback == nil && !toApp(tx, n, d) {
		return nil
	}
	told := &Attempted{
		Topic: n, Config: config, Delivery: *d, Attempts: r.Retry + 1, Failure: r.Reason,
		Says: r.Says, Code: r.Code, At: tx.Now().Add(-r.Took),
	}
	if r.Outcome == delivery.Delivered {
		told.Failure = nil
	}
	tx.AfterCommit(func() { c.follow(told) })
	return nil
}

// source is the topic that an ARN names, with its settings; none where there is
// no such topic any more, or never was.
func (c *Core) source(tx *store.Tx, text string) (n Name, config Config, err error) {
	a, err := arn.Parse(text)
	topic, ok := a.TopicName()
	if err != nil || !ok {
		return Name{}, Config{}, nil
	}
	n = Name{a.Account, a.Region, topic}
	l, err := live.In(tx)
	if err != nil {
		return Name{}, Config{}, err
	}
	if w := l.byName[n]; w != nil {
		return n, w.config, nil
	}
	var rec topicRecord
	if found, err := get(tx, n.key(), &rec); err != nil || !found {
		return Name{}, Config{}, err
	}
	return n, rec.Settings.Config, nil
}

// toApp tells whether a delivery is to an app on a device, as far as that is
// known without a look into the store.
func toApp(tx *store.Tx, n Name, d *delivery.Delivery) bool {
	if strings.HasPrefix(d.Target.Resource, "endpoint/") {
		return true
	}
	l, err := live.In(tx)
	id, ok := ParseID(d.TargetID)
	if err != nil || !ok {
		return false
	}
	if l.byName[n] == nil {
		return true // not used since the start: who is told finds out
	}
	m := l.byName[n].byID[id]
	return m != nil && m.protocol == Application
}
