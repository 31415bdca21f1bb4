package trail

import (
	"bytes"
	"encoding/binary"
	"slices"
	"time"

	"github.com/carillon-events/carillon/internal/delivery"
	"github.com/carillon-events/carillon/internal/event"
	"github.com/carillon-events/carillon/internal/store"
)

// Passage is an event on one bus, and all that became of it there.
type Passage struct {
	EventID    string
	Bus        Bus
	At         time.Time // when it was accepted
	ReceivedAt time.Time // when it came in
	Name       string    // what its deliveries' keys are made of
	From       string    // ARN of the rule that sent it from another bus; empty for none
	Trace      string
	Envelope   []byte
	Fate       Fate
	TooComplex uint64
	Matches    []Match
}

// Match is a rule that matched, as it was then.
type Match struct {
	Rule       Rule
	Ref        Ref
	Deliveries []Delivery
}

// Delivery is what became of an event at a target.
type Delivery struct {
	Target   Target
	Key      delivery.Key
	Outcome  Outcome // when the event was accepted
	Reason   string  // why it waited then
	Attempts []Attempt
}

// Attempt is one of the outbox at a delivery, as delivery.Report has it.
type Attempt struct {
	At         time.Time
	Retry      int
	Outcome    Outcome
	Took       time.Duration
	Next       time.Time
	Reason     string
	Says       string
	DeadLetter string // ARN of the queue that the event is in, or should be
	Lost       string
}

// State is what became of the delivery in the end, or until now, and why.
func (d *Delivery) State() (Outcome, string) {
	if n := len(d.Attempts); n > 0 {
		return d.Attempts[n-1].Outcome, d.Attempts[n-1].Reason
	}
	return d.Outcome, d.Reason
}

// Get is what is known of an event, in the order of acceptance; nothing if the
// trail does not have it, or not any more. Of an event that has more entries than
// anybody reads, since it was replayed often, it is the first of them, and more is
// true.
func Get(r Reader, eventID string) (all []Passage, more bool, err error) {
	id := ReadID(eventID)
	places, err := placesOf(r, &id)
	if err != nil {
		return nil, false, err
	}
	known, read := rules{r, map[noted]Rule{}}, 0
	var entries []entry
	for _, p := range places {
		if more {
			break
		}
		var bad error
		lo := entryPrefix(p)
		err := r.Scan(lo, store.PrefixEnd(lo), func(_, v []byte) bool {
			if read += len(v); read > maxScanBytes && len(entries) > 0 {
				more = true
				return false
			}
			var e entry
			if e, bad = decodeEntry(v); bad == nil {
				e.hour = hourOf(p.bucket())
				entries = append(entries, e)
			}
			return bad == nil
		})
		if err == nil {
			err = bad
		}
		if err != nil {
			return nil, false, err
		}
	}
	all, err = known.assemble(entries)
	all = slices.DeleteFunc(all, func(p Passage) bool { return p.EventID != eventID })
	return all, more, err
}

// placesOf has the places at which an event may lie.
func placesOf(r Reader, id *ID) (places []place, err error) {
	if id.milli >= 0 {
		places = append(places, id.place(time.UnixMilli(id.milli)))
	}
	// The index of each hour that there is, from seek to seek.
	for hour, more := uint32(0), true; more; {
		lo := append(byHour(indexSpace, hour), id.tail[:]...)
		more = false
		err := r.Scan(lo, store.PrefixEnd([]byte(indexSpace)), func(k, _ []byte) bool {
			at := binary.BigEndian.Uint32(k[len(indexSpace):])
			tail, milli := k[len(indexSpace)+4:len(k)-6], k[len(k)-6:]
			if at == hour && bytes.Equal(tail, id.tail[:]) {
				places = append(places, place(append(bytes.Clone(milli), tail...)))
				return true
			}
			more = at < ^uint32(0)
			if hour = max(at, hour+1); at == hour && bytes.Compare(tail, id.tail[:]) > 0 {
				hour++
			}
			return false
		})
		if err != nil {
			return nil, err
		}
	}
	return places, nil
}

// rules are what refs stand for, as they are read.
type rules struct {
	r     Reader
	known map[noted]Rule
}

func (r *rules) get(n noted) (Rule, error) {
	if rule, ok := r.known[n]; ok {
		return rule, nil
	}
	v, found, err := r.r.Get(ruleKey(n))
	if err != nil {
		return Rule{}, err
	}
	var rule Rule
	if found {
		if rule, err = decodeRule(v); err != nil {
			return Rule{}, err
		}
	}
	r.known[n] = rule
	return rule, nil
}

// assemble makes passages of the entries of an event.
func (r *rules) assemble(entries []entry) (all []Passage, err error) {
	attempts := map[delivery.Key][]Attempt{}
	for _, e := range entries {
		if e.attempt != nil {
			attempts[e.key] = append(attempts[e.key], *e.attempt)
		}
	}
	for _, e := range entries {
		if e.accepted == nil {
			continue
		}
		p, err := r.passage(e, attempts)
		if err != nil {
			return nil, err
		}
		if p.Fate == Published {
			p.Matches = unruled(entries, attempts)
		}
		all = append(all, p)
	}
	// What an event made of itself in one transaction has one time, and the last
	// bus is written first.
	slices.SortStableFunc(all, func(a, b Passage) int {
		if c := a.At.Compare(b.At); c != 0 {
			return c
		}
		return min(len(a.From), 1) - min(len(b.From), 1)
	})
	return all, nil
}

// unruled are the deliveries of a message that a topic could not make at once, as
// far as somebody has tried, in the place of what a rule matched.
func unruled(entries []entry, attempts map[delivery.Key][]Attempt) []Match {
	var m Match
	seen := map[delivery.Key]bool{}
	for _, e := range entries {
		if e.source == "" || seen[e.key] {
			continue
		}
		seen[e.key] = true
		m.Rule.ARN = e.source
		m.Rule.Targets = append(m.Rule.Targets, e.target)
		m.Deliveries = append(m.Deliveries, Delivery{Target: e.target, Key: e.key, Outcome: delivery.Waiting, Attempts: attempts[e.key]})
	}
	if m.Deliveries == nil {
		return nil
	}
	return []Match{m}
}

func (r *rules) passage(e entry, attempts map[delivery.Key][]Attempt) (Passage, error) {
	a := e.accepted
	p := Passage{
		EventID: event.IDOf(a.Envelope), Bus: a.Bus, At: e.at, ReceivedAt: a.ReceivedAt, Name: a.Name, From: a.From,
		Trace: a.Trace, Envelope: a.Envelope, Fate: a.Fate, TooComplex: a.TooComplex,
	}
	if p.Name == "" {
		p.Name = p.EventID
	}
	for i := range a.Rules {
		s := &a.Rules[i]
		rule, err := r.get(noted{e.hour, s.Rule})
		if err != nil {
			return p, err
		}
		m := Match{Rule: rule, Ref: s.Rule, Deliveries: make([]Delivery, 0, len(rule.Targets))}
		for j, t := range rule.Targets {
			d := Delivery{Target: t, Key: delivery.KeyOf(p.Name, rule.ARN, t.ID), Outcome: delivery.Delivered}
			if s.Results != nil && j < len(s.Results) {
				d.Outcome, d.Reason = s.Results[j].Outcome, reason(s.Results[j].Reason)
			}
			if d.Outcome == delivery.Waiting {
				d.Attempts = attempts[d.Key]
			}
			m.Deliveries = append(m.Deliveries, d)
		}
		p.Matches = append(p.Matches, m)
	}
	return p, nil
}
