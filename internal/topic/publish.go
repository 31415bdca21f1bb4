package topic

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/carillon-events/carillon/internal/delivery"
	"github.com/carillon-events/carillon/internal/meter"
	"github.com/carillon-events/carillon/internal/notification"
	"github.com/carillon-events/carillon/internal/store"
)

// Message is what is published.
type Message struct {
	ID      [16]byte // what it is known by: a UUID
	Subject string
	Text    string
	// Texts are the texts for those who get another one than Text. An app on a device
	// has the protocol Application, a slash and its platform.
	Texts map[Protocol]string
	// Whole is what was published, where Text is a part of it.
	Whole      string
	Attributes []notification.Attribute // in the order of their names
	Silent     bool                     // attributes are to filter by, and not delivered
	Group      string
	Dedup      string
	At         time.Time // when it came in
	// Unsubscribe is the URL at which a subscription is ended, but for its ARN.
	Unsubscribe string
	Trace       string

	sequence   uint64 // of a FIFO topic
	replay     uint64 // which of the subscription's replays sends it; 0 for none
	signatures *signatures
}

// text is what subscriptions of a protocol get.
func (m *Message) text(p Protocol) string {
	if text, ok := m.Texts[p]; ok {
		return text
	}
	return m.Text
}

// textKey is the protocol under which a member finds its text.
func (s *member) textKey() Protocol {
	if s.protocol != Application {
		return s.protocol
	}
	// The endpoint's ARN: …:endpoint/{platform}/{name}/{id}
	_, rest, _ := strings.Cut(s.endpoint, ":endpoint/")
	platform, _, _ := strings.Cut(rest, "/")
	return Application + "/" + Protocol(platform)
}

// Published is what became of a message.
type Published struct {
	ID       [16]byte // of the first message where Repeat
	Sequence uint64   // of a FIFO topic
	Repeat   bool     // acknowledged as a repeat, not sent again
}

// Publication is messages on their way to the subscribers of a topic.
type Publication struct {
	topic    Name
	messages []*pending
	met      *audience // that holds in the transaction; nil if it is not known
	few      int       // of a message, in its transaction
}

// pending is a message, and to whom it goes.
type pending struct {
	Message
	audience   *audience // that the rest belongs to; nil before the first match
	matched    int
	many       bool // the deliveries are left to the fan-out
	deliveries []delivery.Delivery
	out        meter.FilteredOut
	published  Published
}

// Who gets a message that more than few want, or whose deliveries together are
// larger than fewBytes where nothing can be shared, gets it from the fan-out.
// Variables, so that tests can do with less.
var (
	few      = 64
	fewBytes = 1 << 20
)

// NewPublication is messages for a topic, matched to its subscriptions as they
// were last seen. It touches no store and may run on any goroutine.
func (c *Core) NewPublication(n Name, messages []Message) *Publication {
	p := &Publication{topic: n, messages: make([]*pending, len(messages)), few: few}
	for i := range messages {
		p.messages[i] = &pending{Message: messages[i]}
		p.messages[i].signatures = c.signaturesOf()
	}
	if hint, ok := c.hints.Load(n); ok {
		p.match(hint.(*audience), c.outbox)
	}
	return p
}

func (p *Publication) match(a *audience, outbox *delivery.Outbox) {
	for _, m := range p.messages {
		m.match(a, outbox, p.few)
	}
}

// match finds who gets the message, and prepares its deliveries if they are few.
// A FIFO topic's are prepared when the message has its number.
func (m *pending) match(a *audience, outbox *delivery.Outbox, few int) {
	m.audience, m.deliveries, m.matched = a, nil, 0
	if m.many = a.all.n > few; m.many {
		return
	}
	to, out := a.filtered(&m.Message)
	a.all.each(func(s *member) { to = append(to, s) })
	if a.held > 0 {
		to = slices.DeleteFunc(to, func(s *member) bool { return s.heldFrom > 0 })
	}
	m.matched, m.out = len(to), out
	r := renderer{audience: a, message: &m.Message}
	if m.many = len(to) > few || r.bytes(to) > fewBytes; m.many {
		return
	}
	byID(to)
	if a.config.FIFO {
		r.wait = true
		r.ahead(to)
	}
	m.deliveries = r.deliveries(outbox, to)
}

// ErrStale: the subscriptions of a topic are not those that a message was
// matched to.
var ErrStale = errors.New("subscriptions have changed since the message was matched")

// Put accepts the messages: each goes, in this transaction, to all who get it,
// or is kept for the fan-out. What became of it, Published says.
//
// If the messages have yet to be matched to the subscriptions that hold now,
// that is done here if inside is set; else the answer is ErrStale, nothing was
// written, and after Refresh they can be put again. Other errors are ErrNotFound
// and the store's.
func (c *Core) Put(tx *store.Tx, p *Publication, inside bool) error {
	a, err := audienceIn(tx, p.topic)
	if err != nil {
		return err
	}
	p.met = a
	if a == nil {
		return c.putAside(tx, p)
	}
	if err := p.check(a.config); err != nil {
		return err
	}
	if stale := len(p.messages) > 0 && p.messages[0].audience != a; stale {
		if !inside {
			return ErrStale
		}
		p.match(a, c.outbox)
	}
	room := 4 * few
	for _, m := range p.messages {
		// The rest of a large batch is kept, so that the shard serves others between.
		m.many = m.many || room < m.matched
		room -= m.matched
		if err := c.put(tx, m); err != nil {
			return err
		}
	}
	return nil
}

// check refuses what a topic of that kind does not take, before anything is
// written.
func (p *Publication) check(c Config) error {
	for _, m := range p.messages {
		if err := c.CheckFIFO(&m.Message); err != nil {
			return err
		}
	}
	return nil
}

// putAside is Put to a topic whose audience has to be gathered first: who gets
// the messages, the fan-out finds out.
func (c *Core) putAside(tx *store.Tx, p *Publication) error {
	rec, err := getTopic(tx, p.topic)
	if err != nil {
		return err
	}
	a := &audience{name: p.topic, number: rec.Number, arn: p.topic.ARN().String(), config: rec.Settings.Config}
	if err := p.check(a.config); err != nil {
		return err
	}
	if a.config.FIFO {
		if _, found, err := neededFrom(tx, a.number); err != nil {
			return err
		} else if found {
			a.held = 1
		}
	}
	for _, m := range p.messages {
		m.audience, m.many, m.deliveries = a, true, nil
		if err := c.put(tx, m); err != nil {
			return err
		}
	}
	p.met = nil // nothing to remember
	return nil
}

func (c *Core) put(tx *store.Tx, m *pending) error {
	a := m.audience
	m.published = Published{ID: m.ID}
	if a.config.FIFO {
		repeat, err := m.number(tx)
		if err != nil {
			return err
		}
		if repeat {
			c.counts.repeated.Add(1)
			return nil
		}
		if a.archives() {
			if err := archived(tx, a.number, &m.Message); err != nil {
				return err
			}
		}
	}
	c.counts.published.Add(1)
	count := c.meterOf(a.name)
	count.Published(len(m.Text))
	waits, err := waitsFor(tx, a.number)
	if err != nil {
		return err
	}
	if m.many || waits { // behind those that were published before
		c.counts.kept.Add(1)
		if err := keep(tx, a.number, &m.Message); err != nil {
			return err
		}
		return c.note(tx, a, &m.Message, trailKept, 0)
	}
	c.counts.matched.Add(uint64(m.matched))
	if a.config.FIFO {
		m.finish(c.outbox)
	}
	count.FilteredOut(m.out)
	for i := range m.deliveries {
		m.deliveries[i].AcceptedAt = tx.Now()
		result, err := c.outbox.Send(tx, &m.deliveries[i])
		if err != nil {
			return err
		}
		if result.Outcome == delivery.Delivered {
			count.Delivered(1)
			c.sent(tx, a, &m.Message, &m.deliveries[i])
		}
	}
	return c.note(tx, a, &m.Message, trailSent, uint64(len(m.deliveries)))
}

// Refresh matches the messages again, after ErrStale.
func (c *Core) Refresh(p *Publication) {
	if p.met != nil {
		p.match(p.met, c.outbox)
	}
}

// Learn remembers which subscriptions the messages met, for the next
// Publication. Call it after the transaction of Put has succeeded.
func (c *Core) Learn(p *Publication) {
	if p.met == nil {
		c.hints.Delete(p.topic)
	} else if old, ok := c.hints.Load(p.topic); !ok || old != p.met {
		c.hints.Store(p.topic, p.met)
	}
}

// ruleFew is how many get what a rule sends in the transaction of its event,
// which may have many such targets.
const ruleFew = 16

// Receive is Put in the transaction of somebody else. The messages are matched
// here only if the subscriptions have changed since NewPublication.
func (c *Core) Receive(tx *store.Tx, p *Publication) error {
	p.few = ruleFew
	for _, m := range p.messages {
		m.many = m.many || m.matched > ruleFew
	}
	if err := c.Put(tx, p, true); err != nil {
		return err
	}
	if met := p.met; met != nil {
		tx.AfterCommit(func() { c.hints.Store(p.topic, met) })
	}
	return nil
}

// Published is what became of each message, after Put.
func (p *Publication) Published(i int) Published { return p.messages[i].published }

// Publish publishes messages to a topic, in one transaction. They are matched on
// the caller's goroutine; only if subscriptions change faster than that, on the
// shard's writer.
func (c *Core) Publish(ctx context.Context, shard *store.Shard, p *Publication) error {
	const patience = 3
	for try := 1; ; try++ {
		err := shard.Update(ctx, func(tx *store.Tx) error { return c.Put(tx, p, try > patience) })
		if errors.Is(err, ErrStale) {
			c.Refresh(p)
			continue
		}
		if err == nil {
			c.Learn(p)
		}
		return err
	}
}
