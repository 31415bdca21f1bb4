package bus

import (
	"fmt"
	"math"
	"strings"

	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/trail"
)

// Record has t be told what becomes of every event. Call it before the first.
func (c *Core) Record(t *trail.Trail) { c.trail = t }

// record tells the trail of an event that was sent to its targets.
func (c *Core) record(tx *store.Tx, p *pending) error {
	if !c.trail.On() {
		return nil
	}
	p.recorded.TooComplex = p.tooComplex
	return c.trail.Accept(tx, &p.recorded, p)
}

// recordNowhere tells the trail of an event that reached no bus.
func (c *Core) recordNowhere(tx *store.Tx, p *pending) error {
	if !c.trail.On() {
		return nil
	}
	p.recorded.Fate = trail.NoBus
	if p.nowhere {
		p.recorded.Fate = trail.SourcePending
	}
	p.matches, p.recorded.Rules = nil, nil // of the bus that was there before
	return c.trail.Accept(tx, &p.recorded, p)
}

// Describe implements trail.Describer: the event's i-th rule, which is as in the
// keys, or it would not be in the ruleset that was met.
func (p *pending) Describe(tx *store.Tx, i int) (trail.Rule, error) {
	r := p.matches[i]
	if name, managed := strings.CutPrefix(r.name, inSet("")); managed {
		var rec managedRecord
		if _, err := get(tx, p.bus.managedKey(name), &rec); err != nil {
			return trail.Rule{}, err
		}
		return r.describe(rec.Pattern), nil
	}
	var rec ruleRecord
	found, err := get(tx, p.bus.ruleKey(r.name), &rec)
	if err == nil && !found {
		err = fmt.Errorf("bus: an event was matched to no rule: %s", r.source)
	}
	return r.describe(rec.Pattern), err
}

// describe is the rule as the trail keeps it.
func (r *compiled) describe(pattern string) trail.Rule {
	out := trail.Rule{ARN: r.source, Pattern: pattern, Managed: strings.HasPrefix(r.name, inSet("")), Targets: make([]trail.Target, len(r.targets))}
	for i := range r.targets {
		t := &r.targets[i]
		out.Targets[i] = trail.Target{ID: t.ID, ARN: t.ARN.String(), Input: t.Input, InputPath: t.InputPath}
		if t.Transformer != nil {
			out.Targets[i].Transformer = &trail.Transformer{Paths: t.Transformer.Paths, Template: t.Transformer.Template}
		}
	}
	return out
}

// refer makes the rule's ref for the trail, once for all events.
func (r *compiled) refer(pattern string) *compiled {
	d := r.describe(pattern)
	r.ref = d.Ref()
	return r
}

// AsRecorded is a rule as the trail would keep it now. Whether it is the one of
// an event that matched, the Refs tell.
func AsRecorded(r Reader, n Name, rule string) (trail.Rule, error) {
	now, err := GetRule(r, n, rule)
	if err != nil {
		return trail.Rule{}, err
	}
	targets, _, err := listTargets(r, n, rule, "", math.MaxInt)
	if err != nil {
		return trail.Rule{}, err
	}
	c := compiled{name: rule, source: n.RuleARN(rule).String(), targets: make([]compiledTarget, len(targets))}
	for i, t := range targets {
		c.targets[i].Target = t
	}
	return c.describe(now.Pattern), nil
}
