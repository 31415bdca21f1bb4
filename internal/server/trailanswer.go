package server

import (
	"encoding/json"
	"errors"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/carillon-events/carillon/internal/arn"
	"github.com/carillon-events/carillon/internal/bus"
	"github.com/carillon-events/carillon/internal/delivery"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/trail"
	"github.com/carillon-events/carillon/internal/transform"
)

// TrailPage is the answer of TrailPath.
type TrailPage struct {
	Events  []TrailEvent `json:"events"`
	Scanned int          `json:"scanned"`        // entries looked at; a page may have none that suits
	Next    string       `json:"next,omitempty"` // token of the next page; absent at the end
}

// TrailAnswer is all of an event: on the bus it was put on, and on those where it
// came from there, or came again.
type TrailAnswer struct {
	EventID  string       `json:"eventId"`
	Passages []TrailEvent `json:"passages"` // in the order of acceptance
	// More: this is the beginning of what the trail has; an event that was replayed
	// a thousand times is not answered at once.
	More bool `json:"more,omitempty"`
}

// TrailEvent is an event on one bus.
type TrailEvent struct {
	EventID    string          `json:"eventId"`
	Account    string          `json:"account"`
	Region     string          `json:"region"`
	Bus        string          `json:"bus"`
	AcceptedAt time.Time       `json:"acceptedAt"`
	ReceivedAt time.Time       `json:"receivedAt"`
	Source     string          `json:"source"`
	DetailType string          `json:"detailType"`
	Fate       string          `json:"fate"`             // accepted, no-bus, source-pending, published
	From       string          `json:"from,omitempty"`   // ARN of the rule of another bus that sent it
	Via        string          `json:"via,omitempty"`    // key of the delivery that brought it from there
	Replay     string          `json:"replay,omitempty"` // name of the replay that sent it again
	Trace      string          `json:"trace,omitempty"`
	Event      json.RawMessage `json:"event,omitempty"` // the envelope; not in a TrailPage
	Rules      []TrailRule     `json:"rules"`           // that matched
	// TooComplex is how many rules could not be matched in bounded time.
	TooComplex uint64 `json:"tooComplex,omitempty"`

	Unmatched     []TrailUnmatched `json:"unmatched,omitempty"` // rules that did not match, some of them
	MoreUnmatched int              `json:"moreUnmatched,omitempty"`
}

// TrailRule is a rule that matched, as it was then.
type TrailRule struct {
	Rule    string        `json:"rule"`
	ARN     string        `json:"arn"`
	Archive bool          `json:"archive,omitempty"` // Carillon's own rule, of an archive
	Since   string        `json:"since,omitempty"`   // changed or deleted, if it was since then; not in a TrailPage
	Targets []TrailTarget `json:"targets"`
}

// TrailTarget is what became of the event at a target.
type TrailTarget struct {
	ID         string          `json:"id"`
	ARN        string          `json:"arn"`
	Key        string          `json:"key"`                  // of the delivery: the message's id in a queue
	Outcome    string          `json:"outcome"`              // delivered, waiting, dead-lettered, dropped, too-far
	Reason     string          `json:"reason,omitempty"`     // why it is not delivered, or was not at once
	DeadLetter string          `json:"deadLetter,omitempty"` // ARN of the queue that the event is in
	Next       *time.Time      `json:"next,omitempty"`       // when a delivery that waits is tried again
	Retries    int             `json:"retries"`
	Attempts   []TrailAttempt  `json:"attempts,omitempty"` // not in a TrailPage
	Saw        json.RawMessage `json:"saw,omitempty"`      // what the target was sent, if not the event; not in a TrailPage
	SawText    string          `json:"sawText,omitempty"`  // the same, where it is not one value of JSON
}

// TrailAttempt is an attempt at a delivery. The first has the number 0.
type TrailAttempt struct {
	At         time.Time  `json:"at"`
	Retry      int        `json:"retry"`
	Outcome    string     `json:"outcome"`
	Reason     string     `json:"reason,omitempty"`
	Says       string     `json:"says,omitempty"` // what the target answered
	TookMillis float64    `json:"tookMillis,omitempty"`
	Next       *time.Time `json:"next,omitempty"`
	DeadLetter string     `json:"deadLetter,omitempty"`
	Lost       string     `json:"lost,omitempty"` // why the event is in no dead-letter queue
}

var fates = map[trail.Fate]string{trail.Accepted: "accepted", trail.NoBus: "no-bus", trail.SourcePending: "source-pending", trail.Published: "published"}

func trailAnswer(v *store.View, id string, passages []trail.Passage, more bool, in url.Values) (*TrailAnswer, error) {
	most := 0
	if text := in.Get("unmatched"); text != "" {
		var err error
		if most, err = strconv.Atoi(text); err != nil || most < 0 || most > maxUnmatched {
			return nil, badQuery{"unmatched", "want 0 to " + strconv.Itoa(maxUnmatched)}
		}
	}
	answer := &TrailAnswer{EventID: id, More: more}
	for i := range passages {
		p := &passages[i]
		e, err := trailEvent(v, p, true)
		if err != nil {
			return nil, err
		}
		if most > 0 {
			if e.Unmatched, e.MoreUnmatched, err = unmatched(v, p, most); err != nil {
				return nil, err
			}
		}
		answer.Passages = append(answer.Passages, e)
	}
	return answer, nil
}

// trailEvent is a passage as it is answered, whole or as in a TrailPage.
func trailEvent(v *store.View, p *trail.Passage, whole bool) (TrailEvent, error) {
	e := TrailEvent{
		EventID: p.EventID, Account: p.Bus.Account, Region: p.Bus.Region, Bus: p.Bus.Name, AcceptedAt: p.At, ReceivedAt: p.ReceivedAt,
		Fate: fates[p.Fate], From: p.From, Trace: p.Trace, TooComplex: p.TooComplex, Rules: make([]TrailRule, 0, len(p.Matches)),
	}
	if p.From != "" {
		e.Via = p.Name
	}
	var envelope struct {
		Source     string `json:"source"`
		DetailType string `json:"detail-type"`
		Replay     string `json:"replay-name"`
	}
	_ = json.Unmarshal(p.Envelope, &envelope) // it is ours
	e.Source, e.DetailType, e.Replay = envelope.Source, envelope.DetailType, envelope.Replay
	if whole {
		e.Event = p.Envelope
	}
	for i := range p.Matches {
		r, err := trailRule(v, p, &p.Matches[i], whole)
		if err != nil {
			return e, err
		}
		e.Rules = append(e.Rules, r)
	}
	return e, nil
}

func trailRule(v *store.View, p *trail.Passage, m *trail.Match, whole bool) (TrailRule, error) {
	r := TrailRule{Rule: m.Rule.Name(), ARN: m.Rule.ARN, Archive: m.Rule.Managed, Targets: make([]TrailTarget, 0, len(m.Deliveries))}
	if whole && !r.Archive {
		var err error
		if r.Since, err = changed(v, p, m); err != nil {
			return r, err
		}
	}
	for i := range m.Deliveries {
		t := trailTarget(&m.Deliveries[i], p.At, whole)
		if whole {
			t.saw(p, m, &m.Deliveries[i].Target)
		}
		r.Targets = append(r.Targets, t)
	}
	return r, nil
}

// changed tells what has become of a rule since it matched.
func changed(v *store.View, p *trail.Passage, m *trail.Match) (string, error) {
	if p.Fate == trail.Published {
		return "", nil // no rule
	}
	now, err := bus.AsRecorded(v, busOf(p), m.Rule.Name())
	switch {
	case errors.Is(err, bus.ErrRuleNotFound), errors.Is(err, bus.ErrBusNotFound):
		return "deleted", nil
	case err != nil:
		return "", err
	case now.Ref() != m.Ref:
		return "changed", nil
	}
	return "", nil
}

func busOf(p *trail.Passage) bus.Name {
	return bus.Name{Account: p.Bus.Account, Region: p.Bus.Region, Bus: p.Bus.Name}
}

func trailTarget(d *trail.Delivery, acceptedAt time.Time, whole bool) TrailTarget {
	outcome, reason := d.State()
	t := TrailTarget{ID: d.Target.ID, ARN: d.Target.ARN, Key: d.Key.String(), Outcome: trail.OutcomeName(outcome), Reason: reason}
	if whole && d.Outcome == delivery.Waiting && d.Reason != "" && (len(d.Attempts) == 0 || d.Attempts[0].Retry > 0) {
		// The first attempt was made when the event was accepted.
		t.Attempts = []TrailAttempt{{At: acceptedAt, Outcome: trail.OutcomeName(d.Outcome), Reason: d.Reason}}
	}
	for i := range d.Attempts {
		a := &d.Attempts[i]
		t.Retries, t.DeadLetter, t.Next = a.Retry, a.DeadLetter, instant(a.Next)
		if whole {
			t.Attempts = append(t.Attempts, TrailAttempt{
				At: a.At, Retry: a.Retry, Outcome: trail.OutcomeName(a.Outcome), Reason: a.Reason, Says: a.Says,
				TookMillis: float64(a.Took) / float64(time.Millisecond), Next: instant(a.Next), DeadLetter: a.DeadLetter, Lost: a.Lost,
			})
		}
	}
	if t.Outcome == trail.OutcomeName(delivery.Dropped) {
		t.DeadLetter = "" // it is not in there
	}
	return t
}

func instant(at time.Time) *time.Time {
	if at.IsZero() {
		return nil
	}
	return &at
}

// saw makes again what the target was sent.
func (t *TrailTarget) saw(p *trail.Passage, m *trail.Match, target *trail.Target) {
	spec := target.Spec()
	if spec.Input == nil && spec.InputPath == nil && spec.Transformer == nil {
		return
	}
	made, err := transform.Compile(spec)
	if err != nil {
		return // the delivery says that
	}
	body, err := made.Apply(nil, p.Envelope, transform.Context{RuleARN: m.Rule.ARN, RuleName: m.Rule.Name(), IngestedAt: p.ReceivedAt})
	switch {
	case err != nil:
	case json.Valid(body):
		t.Saw = body
	default:
		t.SawText = string(body)
	}
}

// ruleOf is the name of a rule that is given by name or ARN.
func ruleOf(text string) string {
	if a, err := arn.Parse(text); err == nil {
		_, name, _ := a.RuleName()
		return name
	}
	return text[strings.LastIndexByte(text, '/')+1:]
}

// matchOf is how a rule matched; nil if it did not.
func matchOf(p *trail.Passage, rule string) *trail.Match {
	i := slices.IndexFunc(p.Matches, func(m trail.Match) bool { return !m.Rule.Managed && m.Rule.Name() == rule })
	if i < 0 {
		return nil
	}
	return &p.Matches[i]
}
