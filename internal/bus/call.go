package bus

import (
	"slices"

	"github.com/carillon-events/carillon/internal/event"
	"github.com/carillon-events/carillon/internal/pattern"
)

// AddCall adds an event about a call of an API, as Carillon itself makes them. If
// no rule matches it, it leaves no trace: calls are in the audit log, and there are
// many that nobody watches.
//
// Of the rules that match, those take it that ask for it: which would not match an
// event of any other source and kind, with nothing in it. A rule for everything is
// there for what a bus is sent, and would else be the first to be told that it was
// made. So are the rules that Carillon itself keeps, for archives. If the call
// changed nothing, only rules in the state EnabledForAll take it.
func (c *Core) AddCall(b *Batch, bus Name, e *event.Event, changes bool) {
	p := b.pending(bus, e, "")
	p.call, p.reading = true, !changes
	if hint, ok := c.hints.Load(bus); ok {
		p.match(hint.(*ruleset), c.outbox)
	}
	b.events = append(b.events, p)
}

// unwanted tells whether an event is about a call and goes nowhere.
func (p *pending) unwanted() bool { return p.call && len(p.matches) == 0 }

// watchers are those of the rules that match an event about a call that ask for it.
func (p *pending) watchers(set *ruleset, memory *pattern.Memory, matched []*pattern.Rule) []*pattern.Rule {
	matched = slices.Clone(matched) // the memory is used again
	other := event.Event{ID: p.event, Source: "any.other", DetailType: "Any Other", Account: p.bus.Account, Region: p.bus.Region, Time: p.at, Detail: "{}"}
	anyway, _, err := set.rules.Match(memory, other.Append(nil))
	if err != nil {
		panic("bus: an event of our own cannot be read: " + err.Error())
	}
	return slices.DeleteFunc(matched, func(r *pattern.Rule) bool {
		rule := r.Owner.(*compiled)
		return rule.managed() || p.reading && !rule.forAll || slices.Contains(anyway, r)
	})
}
