package server

import (
	"errors"
	"fmt"
	"math"
	"net/url"

	"github.com/carillon-events/carillon/internal/bus"
	"github.com/carillon-events/carillon/internal/pattern/explain"
	"github.com/carillon-events/carillon/internal/pattern/syntax"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/trail"
)

// TrailUnmatched is a rule that did not match, as it is now.
type TrailUnmatched struct {
	Rule   string `json:"rule"`
	Reason string `json:"reason"` // one sentence
}

// TrailExplanation is why a rule matches an event or not.
type TrailExplanation struct {
	EventID string `json:"eventId"`
	Account string `json:"account"`
	Region  string `json:"region"`
	Bus     string `json:"bus"`
	Rule    string `json:"rule"`
	Matched bool   `json:"matched"`         // then
	State   string `json:"state"`           // of the rule now
	Since   string `json:"since,omitempty"` // "changed", if the rule matched and is another now
	Note    string `json:"note,omitempty"`  // what else decides, in a sentence
	// Explanation is of the rule's pattern as it is now; absent where there is none.
	Explanation *explain.Result `json:"explanation,omitempty"`
}

// unmatched has up to most rules of the bus, as it is now, that did not match,
// and how many more there are.
func unmatched(v *store.View, p *trail.Passage, most int) (list []TrailUnmatched, more int, err error) {
	rules, _, err := bus.ListRules(v, busOf(p), "", "", math.MaxInt)
	if errors.Is(err, bus.ErrBusNotFound) {
		return nil, 0, nil
	}
	if err != nil {
		return nil, 0, err
	}
	for i := range rules {
		if matchOf(p, rules[i].Name) != nil {
			continue
		}
		if len(list) == most {
			more++
			continue
		}
		x, err := explainRule(v, p, &rules[i])
		if err != nil {
			return nil, 0, err
		}
		reason := x.Note
		if reason == "" && x.Explanation != nil {
			reason = whyNot(x.Explanation)
		}
		list = append(list, TrailUnmatched{rules[i].Name, reason})
	}
	return list, more, nil
}

// whyNot is in a few words what keeps an event from matching: of the first field
// that does, with what its first test says.
func whyNot(x *explain.Result) string {
	if len(x.Branches) != 1 || x.MoreBranches > 0 || x.Branches[0].Conflict != nil {
		return x.Summary
	}
	first, others := "", 0
	for _, f := range x.Branches[0].Fields {
		switch {
		case f.Matched || len(f.Tests) == 0 || len(f.Tests[0].Findings) == 0:
		case first != "":
			others++
		default:
			first = f.Path + ": " + f.Tests[0].Findings[0].Why
			if f.Hint != "" {
				first += " (" + f.Hint + ")"
			}
		}
	}
	switch {
	case first == "":
		return x.Summary
	case others > 0:
		first += fmt.Sprintf("; and %d more fields", others)
	}
	return first
}

// explainTrail is TrailPath/ID/explain.
func explainTrail(v *store.View, id string, passages []trail.Passage, in url.Values) (*TrailExplanation, error) {
	rule := ruleOf(in.Get("rule"))
	if rule == "" {
		return nil, badQuery{"rule", "want the name of a rule"}
	}
	var missing error
	for i := range passages {
		p := &passages[i]
		if name := in.Get("bus"); name != "" && name != p.Bus.Name {
			continue
		}
		found, err := bus.GetRule(v, busOf(p), rule)
		if errors.Is(err, bus.ErrRuleNotFound) || errors.Is(err, bus.ErrBusNotFound) {
			missing = err
			if matchOf(p, rule) != nil {
				missing = fmt.Errorf("%w any more; it matched the event when it was there", err)
			}
			continue
		}
		if err != nil {
			return nil, err
		}
		return explainRule(v, p, &found)
	}
	if missing == nil {
		missing = fmt.Errorf("the event was never on a bus of that name: %w", errNoTrail)
	}
	return nil, missing
}

// explainRule explains a rule as it is now.
func explainRule(v *store.View, p *trail.Passage, rule *bus.Rule) (*TrailExplanation, error) {
	x := &TrailExplanation{
		EventID: p.EventID, Account: p.Bus.Account, Region: p.Bus.Region, Bus: p.Bus.Name, Rule: rule.Name, State: string(rule.State),
	}
	if m := matchOf(p, rule.Name); m != nil {
		x.Matched = true
		var err error
		if x.Since, err = changed(v, p, m); err != nil {
			return nil, err
		}
	}
	if rule.Pattern != "" {
		parsed, err := syntax.Dialect{AnyWildcards: true, Branches: math.MaxInt}.Parse(rule.Pattern)
		if err != nil {
			x.Note = "its pattern is one that Carillon does not take any more: " + err.Error()
			return x, nil
		}
		if x.Explanation, err = explain.Match(parsed, p.Envelope); err != nil {
			return nil, err
		}
	}
	if x.Matched {
		return x, nil
	}
	targets, _, err := bus.ListTargets(v, busOf(p), rule.Name, "", 1)
	if err != nil {
		return nil, err
	}
	x.Note = note(p, rule, len(targets), x.Explanation)
	return x, nil
}

// note says why the event did not go to the targets of a rule, if that is not
// its pattern.
func note(p *trail.Passage, rule *bus.Rule, targets int, x *explain.Result) string {
	switch {
	case p.Fate == trail.NoBus:
		return "there was no such bus when the event came"
	case p.Fate == trail.SourcePending:
		return "the event's partner source was not on a bus when the event came"
	case rule.CreatedAt.After(p.At):
		return "the rule was made after the event came"
	case rule.Pattern == "":
		return "the rule has a schedule and no pattern"
	case rule.State == bus.Disabled:
		return "the rule is disabled"
	case targets == 0:
		return "the rule has no targets"
	case x != nil && x.Matched:
		return "the pattern matches now: the rule, its state or its targets were changed after the event came, or a replay left it out"
	}
	return ""
}
