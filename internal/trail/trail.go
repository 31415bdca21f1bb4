// Package trail is the answer to "where did my event go?": what became of every
// event that was accepted, for as long and as much as the node keeps.
//
// A bus calls Accept in the transaction that accepts an event, also of one that
// matches no rule or whose bus does not exist. The outbox tells of every later
// attempt (Witness), in the transaction in which it is made. So the trail says
// what is, or is not there.
//
// An event's entries lie together, under its place: its id, where that is a
// UUID of version 7 of about the time of acceptance, as those are that Carillon
// makes. An event that comes again later (a replay, a bus that took it from the
// outbox) lies under the time of that acceptance, and a small index leads there
// from its id. Both follow from the id and the time alone, so that an attempt
// finds its place without reading.
//
// A rule's name, targets and pattern are not in its events' entries: these name
// the rule, as it was, by eight bytes (Ref), and what they stand for is written
// once an hour while the rule matches.
//
// Retention never reads what it removes. Entries and bytes are counted by buckets
// of ten seconds of places, and whole buckets go, each kind of key by a range.
//
// Invariants:
//
//  1. Nothing lies below the floor: a late attempt at an event that was removed
//     is not written.
//  2. An entry's bucket counts it, with its bytes.
//  3. What a Ref in an entry stands for is there as long as the entry.
//  4. While there is a bucket, there is a timer.
//
// All of them hold also if a clock that was wrong is set right between two starts
// of the process: see ahead.go.
//
// It refuses to know how rules match, and what AWS calls things.
package trail

import (
	"errors"
	"sync/atomic"
	"time"

	"github.com/carillon-events/carillon/internal/delivery"
	"github.com/carillon-events/carillon/internal/store"
)

// Options bound a trail. Where one of them is 0, nothing is recorded.
type Options struct {
	For      time.Duration // how long an event is kept
	MaxBytes int64         // of keys and values, before compression
}

// Trail records what becomes of events.
type Trail struct {
	keepFor  time.Duration
	maxBytes uint64
	counts   counts
}

// New is a Trail within these bounds.
func New(o Options) *Trail {
	t := &Trail{keepFor: o.For}
	if o.MaxBytes > 0 {
		t.maxBytes = uint64(o.MaxBytes)
	}
	return t
}

// On tells whether anything is recorded.
func (t *Trail) On() bool { return t != nil && t.keepFor > 0 && t.maxBytes > 0 }

// Counts are what was recorded since the start, and what was not since there
// was no room, or the event had been removed already.
type Counts struct{ Recorded, Skipped uint64 }

type counts struct{ recorded, skipped atomic.Uint64 }

// Counts is what happened so far.
func (t *Trail) Counts() Counts {
	return Counts{t.counts.recorded.Load(), t.counts.skipped.Load()}
}

// Bus names a bus.
type Bus struct{ Account, Region, Name string }

// Fate is what became of an event as such. It is stored.
type Fate byte

// The fates of events.
const (
	Accepted      Fate = 0 // by its bus, and matched to its rules, be it to none
	NoBus         Fate = 1 // its bus does not exist
	SourcePending Fate = 2 // the partner's source that it is of is on no bus
	Published     Fate = 3 // it is about a message that a topic was sent
)

// Outcome is what became of a delivery: delivery's own, and TooFar.
type Outcome = delivery.Outcome

// TooFar: the event came from another bus and goes to no third one. It is stored.
const TooFar Outcome = 5

// Acceptance is an event on a bus.
type Acceptance struct {
	ID         ID
	Bus        Bus
	Name       string // what its deliveries' keys are made of; the event's id where empty
	From       string // ARN of the rule that sent it from another bus; empty for none
	Trace      string
	ReceivedAt time.Time
	Envelope   []byte
	Fate       Fate
	TooComplex uint64 // rules that could not be matched in bounded time
	Rules      []Sent // those that matched
}

// Sent is a rule that matched, and what became of its deliveries.
type Sent struct {
	Rule    Ref
	Targets int
	Results []Result // one for each target; nil if all were delivered at once
}

// Result is what became of a delivery when the event was accepted.
type Result = delivery.Result

// Put says what became of the i-th delivery. They come in order.
func (s *Sent) Put(i int, r Result) {
	if s.Results == nil {
		if r.Outcome == delivery.Delivered {
			return
		}
		s.Results = make([]Result, s.Targets)
		for j := range i {
			s.Results[j].Outcome = delivery.Delivered
		}
	}
	s.Results[i] = r
}

// Describer describes the rules that matched an event.
type Describer interface {
	// Describe is the i-th of an Acceptance's rules, as its Ref was made of. It is
	// asked when the trail does not have it yet. An error is the store's.
	Describe(tx *store.Tx, i int) (Rule, error)
}

// errDamaged: a record of the trail cannot be read.
var errDamaged = errors.New("trail: damaged record")

// Accept records that a bus has accepted an event. An error is the store's.
func (t *Trail) Accept(tx *store.Tx, a *Acceptance, rules Describer) error {
	if !t.On() {
		return nil
	}
	m, b, p, err := t.open(tx, &a.ID, tx.Now())
	if err != nil || b == nil {
		return err
	}
	for i := range a.Rules {
		if err := m.note(tx, b, a.Rules[i].Rule, i, rules); err != nil {
			return err
		}
	}
	m.scratch = a.append(m.scratch[:0], tx.Now())
	key := m.entryKey(p, b.next())
	value := tx.SetDeferred(key, len(m.scratch)+len(a.Envelope))
	copy(value[copy(value, m.scratch):], a.Envelope)
	b.add(len(key) + len(value))
	if p.milli() != a.ID.milli {
		key := indexKey(p)
		b.add(len(key))
		if err := tx.Set(key, nil); err != nil {
			return err
		}
	}
	return t.wrote(tx, m, b)
}

// Witness implements delivery.Witness.
func (t *Trail) Witness(tx *store.Tx, r *delivery.Report) error {
	if !t.On() || r.Delivery.EventID == "" { // an outbox record of old, or a damaged one
		return nil
	}
	id := ReadID(r.Delivery.EventID)
	m, b, p, err := t.open(tx, &id, r.Delivery.AcceptedAt)
	if err != nil || b == nil {
		return err
	}
	m.scratch = appendAttempt(m.scratch[:0], r, tx.Now())
	key := m.entryKey(p, b.next())
	if err := tx.Set(key, m.scratch); err != nil {
		return err
	}
	b.add(len(key) + len(m.scratch))
	return t.wrote(tx, m, b)
}

// open finds where to write about an event that was accepted then. The bucket is
// nil if there is no room for it any more.
func (t *Trail) open(tx *store.Tx, id *ID, acceptedAt time.Time) (*memory, *bucket, place, error) {
	p := id.place(acceptedAt)
	m, err := cell.In(tx)
	if err != nil {
		return nil, nil, p, err
	}
	if err := m.comeDown(tx); err != nil {
		return nil, nil, p, err
	}
	if p.bucket() < m.floor || m.bytes > t.maxBytes+t.maxBytes/4 {
		t.counts.skipped.Add(1)
		return m, nil, p, t.arrange(tx, m)
	}
	b, err := m.open(tx, p.bucket())
	return m, b, p, err
}

func (t *Trail) wrote(tx *store.Tx, m *memory, b *bucket) error {
	t.counts.recorded.Add(1)
	m.touch(tx, b)
	return t.arrange(tx, m)
}
