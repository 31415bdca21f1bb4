package bus

import (
	"errors"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/carillon-events/carillon/internal/delivery"
	"github.com/carillon-events/carillon/internal/event"
	"github.com/carillon-events/carillon/internal/meter"
	"github.com/carillon-events/carillon/internal/pattern"
	"github.com/carillon-events/carillon/internal/store"
	headers "github.com/carillon-events/carillon/internal/trace"
	"github.com/carillon-events/carillon/internal/trail"
	"github.com/carillon-events/carillon/internal/transform"
)

// Batch is events on their way onto buses: filled by Add, put by Put. The zero
// value is empty.
type Batch struct {
	// ReceivedAt is when the events came in, which targets may be shown. Whoever
	// puts says it, so that it is the same however often an event is matched. The
	// time of each event where it is zero.
	ReceivedAt time.Time

	events []pending
}

// pending is an event, and what it was matched to.
type pending struct {
	bus   Name
	id    string // what deliveries are named after: the event's, or of the delivery that brought it
	event string // the event's id
	trace string
	body  []byte
	at    time.Time // when it came in

	met        *ruleset // that holds in the transaction; nil if there is no such bus
	rules      *ruleset // that the rest belongs to; nil before the first match
	deliveries []delivery.Delivery
	tooComplex uint64
	matched    uint64
	managed    uint64 // of matched: rules that nobody sees

	given []string  // keys that the event was added with
	keys  []keyHash // all its keys, under rules; see idempotency.go
	first string    // id of the event that this one repeats

	forwarded bool   // came from another bus, and goes to no third one
	tooFar    uint64 // targets that it does not go to for that

	only     []string         // ARNs of rules that it may go to; nil: to all
	nowhere  bool             // its source is pending
	call     bool             // it is about a call: nobody hears of it if no rule matches
	reading  bool             // and the call changed nothing: most rules do not want it
	matches  []*compiled      // whose targets deliveries are for, in their order
	recorded trail.Acceptance // what the trail is told
}

// NewBatch is an empty batch with room for n events that came in at that time.
func NewBatch(receivedAt time.Time, n int) *Batch {
	return &Batch{ReceivedAt: receivedAt, events: make([]pending, 0, n)}
}

// newPending is an event that came in at that time. name is what its deliveries
// are named after, and from the ARN of the rule that sent it from another bus.
func newPending(bus Name, name, eventID, from, trace string, body []byte, at time.Time) pending {
	p := pending{bus: bus, id: name, event: eventID, trace: trace, body: body, at: at}
	p.recorded = trail.Acceptance{
		ID: trail.ReadID(eventID), Bus: trail.Bus{Account: bus.Account, Region: bus.Region, Name: bus.Bus},
		From: from, Trace: headers.Public(trace), ReceivedAt: at, Envelope: body,
	}
	if name != eventID {
		p.recorded.Name = name
	}
	return p
}

// Add adds an event to the batch and matches it to the rules as they were last
// seen. It touches no store and may run on any goroutine.
//
// trace is the producer's trace header, if it sent one. once are keys by which
// the bus recognises a repeat, whatever it asks for itself.
func (c *Core) Add(b *Batch, bus Name, e *event.Event, trace string, once ...string) {
	p := b.pending(bus, e, trace)
	p.given = once
	if hint, ok := c.hints.Load(bus); ok {
		p.match(hint.(*ruleset), c.outbox)
	}
	b.events = append(b.events, p)
}

func (b *Batch) pending(bus Name, e *event.Event, trace string) pending {
	size := event.EnvelopeSize + len(e.Detail) + len(e.DetailType) + len(e.Source)
	for _, r := range e.Resources {
		size += len(r) + 3
	}
	at := b.ReceivedAt
	if at.IsZero() {
		at = e.Time
	}
	return newPending(bus, e.ID, e.ID, "", trace, e.Append(make([]byte, 0, size)), at)
}

// AddNowhere adds an event that is accepted and does not reach the bus: its
// source is pending.
func (b *Batch) AddNowhere(bus Name, e *event.Event) {
	p := b.pending(bus, e, "")
	p.nowhere = true
	b.events = append(b.events, p)
}

// ErrStale: the rules of a bus are not those that an event was matched to.
var ErrStale = errors.New("rules have changed since the event was matched")

// Put accepts the batch: every event goes, in this transaction, to the targets
// of the rules that match it, or to the outbox.
//
// If an event has yet to be matched to the rules that hold now, that is done
// here if inside is set; else the answer is ErrStale, nothing was written, and
// after Refresh the batch can be put again. Other errors are the store's.
func (c *Core) Put(tx *store.Tx, b *Batch, inside bool) error {
	stale := false
	for i := range b.events {
		met, err := c.meet(tx, &b.events[i], inside)
		if err != nil {
			return err
		}
		stale = stale || !met
	}
	if stale {
		return ErrStale
	}
	accepted := uint64(0)
	for i := range b.events {
		if err := c.put(tx, &b.events[i]); err != nil {
			return err
		}
		if p := &b.events[i]; p.first == "" && !p.unwanted() {
			accepted++
		}
	}
	c.counts.accepted.Add(accepted)
	return nil
}

// meet finds the rules that hold for an event, and tells whether it is matched
// to them.
func (c *Core) meet(tx *store.Tx, p *pending, inside bool) (bool, error) {
	if p.nowhere {
		return true, nil
	}
	set, err := c.rules(tx, p.bus)
	if err != nil {
		return false, err
	}
	p.met = set
	if set == nil || p.rules == set {
		return true, nil
	}
	if inside {
		p.match(set, c.outbox)
		c.counts.rematched.Add(1)
	}
	return inside, nil
}

// Refresh matches the events again whose rules had changed, after ErrStale.
func (c *Core) Refresh(b *Batch) {
	for i := range b.events {
		if p := &b.events[i]; p.met != nil && p.met != p.rules {
			p.match(p.met, c.outbox)
		}
	}
}

func (c *Core) put(tx *store.Tx, p *pending) error {
	if p.unwanted() {
		return nil
	}
	if p.met == nil {
		c.counts.noBus.Add(1)
		return c.recordNowhere(tx, p)
	}
	if repeat, err := c.recognise(tx, p); err != nil {
		return err
	} else if repeat {
		c.counts.repeated.Add(1)
		return nil
	}
	c.observed(tx, p)
	c.counts.matched.Add(p.matched)
	c.counts.tooComplex.Add(p.tooComplex)
	c.counts.tooFar.Add(p.tooFar)
	c.measure(p)
	return c.send(tx, p)
}

// send hands the deliveries of an event to the outbox, and tells the trail.
func (c *Core) send(tx *store.Tx, p *pending) error {
	forwards, next := 0, 0
	for i, r := range p.matches {
		sent := &p.recorded.Rules[i]
		sent.Results = nil
		for j := range r.targets {
			result := delivery.Result{Outcome: trail.TooFar}
			if !p.isTooFar(&r.targets[j]) {
				var err error
				if result, err = c.sendOne(tx, &p.deliveries[next], &forwards); err != nil {
					return err
				}
				next++
			}
			sent.Put(j, result)
		}
	}
	return c.record(tx, p)
}

// sendOne hands over one delivery. forwards is how many of the event's went to
// buses.
func (c *Core) sendOne(tx *store.Tx, d *delivery.Delivery, forwards *int) (delivery.Result, error) {
	d.AcceptedAt = tx.Now()
	if _, isBus := d.Target.BusName(); isBus {
		if *forwards++; *forwards > forwardsAtOnce {
			return delivery.Result{Outcome: delivery.Waiting}, c.outbox.Keep(tx, d)
		}
	}
	return c.outbox.Send(tx, d)
}

// isTooFar tells whether the event does not go to a target for being a third bus.
func (p *pending) isTooFar(t *compiledTarget) bool {
	_, isBus := t.ARN.BusName()
	return isBus && p.forwarded
}

// Learn remembers what rules the events of a batch met, for the next Add. Call
// it after the transaction of Put has succeeded.
func (c *Core) Learn(b *Batch) {
	for i := range b.events {
		p := &b.events[i]
		if p.met == nil {
			c.hints.Delete(p.bus)
		} else if old, ok := c.hints.Load(p.bus); !ok || old != p.met {
			c.hints.Store(p.bus, p.met)
		}
	}
}

// memories are what matching needs, one for each that runs at the time.
var memories = sync.Pool{New: func() any { return new(pattern.Memory) }}

// match finds the deliveries of the event under these rules.
func (p *pending) match(set *ruleset, outbox *delivery.Outbox) {
	p.rules, p.deliveries, p.matched, p.managed, p.tooComplex, p.tooFar = set, nil, 0, 0, 0, 0
	p.keys, p.matches, p.recorded.Rules = set.once.keysOf(p.body, p.given), nil, nil
	if set.rules.Len() == 0 {
		return
	}
	memory := memories.Get().(*pattern.Memory)
	defer memories.Put(memory)
	matched, tooComplex, err := set.rules.Match(memory, p.body)
	if err != nil {
		// The envelope is ours and the detail was checked.
		panic("bus: an accepted event cannot be read: " + err.Error())
	}
	if p.call && len(matched) > 0 {
		matched = p.watchers(set, memory, matched)
	}
	p.tooComplex, p.matched = uint64(tooComplex), uint64(len(matched))
	// In one order, whatever way they were found.
	slices.SortFunc(matched, func(a, b *pattern.Rule) int {
		return strings.Compare(a.Owner.(*compiled).name, b.Owner.(*compiled).name)
	})
	p.matches, p.recorded.Rules = make([]*compiled, 0, len(matched)), make([]trail.Sent, 0, len(matched))
	n := 0
	for _, rule := range matched {
		r := rule.Owner.(*compiled)
		n += len(r.targets)
		if r.managed() {
			p.managed++
		}
	}
	p.deliveries = make([]delivery.Delivery, 0, n)
	for _, rule := range matched {
		p.deliver(rule.Owner.(*compiled), outbox.Meters())
	}
	outbox.PrepareAll(p.deliveries, p.body)
}

func (p *pending) deliver(r *compiled, meters *meter.Book) {
	if p.only != nil && !slices.Contains(p.only, r.source) {
		return
	}
	p.matches = append(p.matches, r)
	p.recorded.Rules = append(p.recorded.Rules, trail.Sent{Rule: r.ref, Targets: len(r.targets)})
	for i := range r.targets {
		t := &r.targets[i]
		if p.isTooFar(t) {
			p.tooFar++
			continue
		}
		d := delivery.Delivery{
			Key: deliveryKey(p.id, r.source, t.ID), Source: r.source, TargetID: t.ID,
			Target: t.ARN, Body: p.body, Trace: p.trace, EventID: p.event, Policy: t.policy, Unfit: t.unfit,
			AcceptedAt: p.at, // until the transaction says it
			Meter:      r.meter(t, meters),
			GroupID:    t.group.of(p.body),
			Role:       t.RoleARN, Own: r.managed(), Permission: &t.may,
		}
		if t.DeadLetter != nil {
			d.DeadLetter = *t.DeadLetter
		}
		if t.sees != nil {
			p.transform(&d, r, t.sees)
		}
		if t.http != nil && d.Unfit == nil {
			d.Params, d.Unfit = t.http.of(p.body)
		}
		p.deliveries = append(p.deliveries, d)
	}
}

// transform makes the body of d what its target sees of the event. Where that
// cannot be done, d is a delivery that ends undelivered, like any other.
func (p *pending) transform(d *delivery.Delivery, r *compiled, sees *transform.Transform) {
	body, err := sees.Apply(nil, p.body, transform.Context{RuleARN: r.source, RuleName: r.name, IngestedAt: p.at})
	if err != nil {
		d.Unfit = err
		return
	}
	d.Event, d.Body = p.body, body
}

// deliveryKey names the delivery of an event to a target by a rule. It is made
// from their names, so that it is the same however often the event is matched.
func deliveryKey(event, rule, target string) delivery.Key {
	return delivery.KeyOf(event, rule, target)
}
