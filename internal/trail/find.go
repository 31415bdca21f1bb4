package trail

import (
	"encoding/hex"
	"errors"
	"slices"
	"time"

	"github.com/carillon-events/carillon/internal/arn"
	"github.com/carillon-events/carillon/internal/delivery"
	"github.com/carillon-events/carillon/internal/store"
)

// Query says which passages Find has. What is zero does not matter.
type Query struct {
	Bus     string // name
	Rule    string // name or ARN; one that matched
	Target  string // id or ARN; one of the rule's
	Outcome Outcome
	// Unmatched: no rule matched, or there was no such bus.
	Unmatched bool
	From      time.Time // accepted then or later
	Until     time.Time // accepted before
	Match     func(envelope []byte) bool

	OldestFirst bool
	Limit       int
	After       string // Page.Next of the page before, of the same query
}

// Page is what Find has found.
type Page struct {
	Passages []Passage
	Scanned  int    // entries looked at
	Next     string // how to go on; empty at the end
}

// One Find looks at no more than that, so that it ends soon.
const (
	MaxScanned   = 20_000
	maxScanBytes = 32 << 20
)

// ErrToken: Query.After is of no page.
var ErrToken = errors.New("that is no place to go on from")

// Find has passages in the order of their ids' times, which are those of
// acceptance but for some seconds. A page ends with the event that fills it, so
// it may be a little longer than the limit.
func Find(v *store.View, q Query) (Page, error) {
	s := &search{q: &q, rules: rules{v, map[noted]Rule{}}}
	lo, hi, err := q.bounds(v)
	if err != nil {
		return Page{}, err
	}
	scan := v.ScanBack
	if q.OldestFirst {
		scan = v.Scan
	}
	err = scan(lo, hi, s.entry)
	if err == nil {
		err = s.err
	}
	if err == nil && !s.stopped {
		err = s.close()
	}
	return s.page, err
}

// bounds are the first key that can be of the query, and that behind the last.
func (q *Query) bounds(v *store.View) (lo, hi []byte, err error) {
	state, err := readState(v)
	if err != nil {
		return nil, nil, err
	}
	lo, hi = entryPrefix(startOf(state.floor)), store.PrefixEnd([]byte(entrySpace))
	if !q.From.IsZero() {
		lo = slices.MaxFunc([][]byte{lo, entryPrefix(placeAt(max(0, q.From.Add(-aboutFor).UnixMilli())))}, slices.Compare)
	}
	if !q.Until.IsZero() {
		hi = entryPrefix(placeAt(max(0, q.Until.Add(aboutFor).UnixMilli()+1)))
	}
	if q.After == "" {
		return lo, hi, nil
	}
	b, err := hex.DecodeString(q.After)
	if err != nil || len(b) != len(place{}) {
		return nil, nil, ErrToken
	}
	if at := entryPrefix(place(b)); q.OldestFirst {
		lo = slices.MaxFunc([][]byte{lo, store.PrefixEnd(at)}, slices.Compare)
	} else {
		hi = slices.MinFunc([][]byte{hi, at}, slices.Compare)
	}
	return lo, hi, nil
}

// search is one Find.
type search struct {
	q     *Query
	rules rules
	page  Page

	at      place
	entries []entry // at that place
	bytes   int
	stopped bool
	err     error
}

// entry takes one entry, and tells whether it wants the next.
func (s *search) entry(k, v []byte) bool {
	at := place(k[len(entrySpace) : len(k)-4])
	if at != s.at {
		if s.err = s.close(); s.err != nil {
			return false
		}
		if len(s.page.Passages) >= s.q.Limit || s.page.Scanned >= MaxScanned || s.bytes >= maxScanBytes {
			s.page.Next, s.stopped = hex.EncodeToString(s.at[:]), true
			return false
		}
		s.at = at
	}
	s.page.Scanned++
	s.bytes += len(v)
	e, err := decodeEntry(v)
	if err != nil {
		s.err = err
		return false
	}
	e.hour = hourOf(at.bucket())
	s.entries = append(s.entries, e)
	return true
}

// close takes what is wanted of the event that has been read.
func (s *search) close() error {
	if len(s.entries) == 0 {
		return nil
	}
	if !s.q.OldestFirst {
		slices.Reverse(s.entries)
	}
	all, err := s.rules.assemble(s.entries)
	s.entries = s.entries[:0]
	if err != nil {
		return err
	}
	if !s.q.OldestFirst {
		slices.Reverse(all)
	}
	for i := range all {
		if s.q.wants(&all[i]) {
			s.page.Passages = append(s.page.Passages, all[i])
		}
	}
	return nil
}

func (q *Query) wants(p *Passage) bool {
	switch {
	case q.Bus != "" && q.Bus != p.Bus.Name,
		!q.From.IsZero() && p.At.Before(q.From),
		!q.Until.IsZero() && !p.At.Before(q.Until),
		q.Unmatched && len(p.Matches) > 0:
		return false
	}
	if (q.Rule != "" || q.Target != "" || q.Outcome != 0) && !slices.ContainsFunc(p.Matches, q.wantsMatch) {
		return false
	}
	return q.Match == nil || q.Match(p.Envelope)
}

func (q *Query) wantsMatch(m Match) bool {
	if q.Rule != "" && q.Rule != m.Rule.ARN && q.Rule != m.Rule.Name() {
		return false
	}
	if q.Target == "" && q.Outcome == 0 {
		return true
	}
	return slices.ContainsFunc(m.Deliveries, func(d Delivery) bool {
		if q.Target != "" && q.Target != d.Target.ID && q.Target != d.Target.ARN {
			return false
		}
		state, _ := d.State()
		return q.Outcome == 0 || q.Outcome == state
	})
}

// Name is the rule's name.
func (r *Rule) Name() string {
	a, err := arn.Parse(r.ARN)
	if err != nil {
		return ""
	}
	_, name, _ := a.RuleName()
	return name
}

// The names of outcomes, for whoever asks and is answered.
var outcomes = map[Outcome]string{
	delivery.Delivered: "delivered", delivery.Waiting: "waiting", delivery.DeadLettered: "dead-lettered",
	delivery.Dropped: "dropped", TooFar: "too-far",
}

// OutcomeName is what people call an outcome.
func OutcomeName(o Outcome) string { return outcomes[o] }

// OutcomeNamed is its inverse.
func OutcomeNamed(name string) (Outcome, bool) {
	for o, n := range outcomes {
		if n == name {
			return o, true
		}
	}
	return 0, false
}
