package bus

import (
	"github.com/carillon-events/carillon/internal/meter"
)

// What is counted by bus, rule and target is counted in the outbox's book.
// Pointers into it are found when they are first needed and kept with what was
// compiled, so that counting looks nothing up.

// meter is where the deliveries to t are counted. Those of a managed rule are
// not: nobody sees it.
func (r *compiled) meter(t *compiledTarget, book *meter.Book) *meter.Target {
	m := t.found.Load()
	if m == nil && book != nil && !r.managed() {
		m = book.Target(r.source, t.ID)
		t.found.Store(m)
	}
	return m
}

// managed tells whether r is a rule that nobody sees.
func (r *compiled) managed() bool { return r.name[0] == 0 }

// measure counts an event that was matched.
func (c *Core) measure(p *pending) {
	book := c.outbox.Meters()
	if book == nil {
		return
	}
	m := p.met.found.Load()
	if m == nil {
		m = book.Bus(meter.BusKey(p.bus))
		p.met.found.Store(m)
	}
	m.Accepted(p.matched > p.managed)
	for _, r := range p.matches {
		if !r.managed() {
			r.count(book)
		}
	}
}

// count counts an event of the rule.
func (r *compiled) count(book *meter.Book) {
	m := r.found.Load()
	if m == nil {
		m = book.Rule(r.source)
		r.found.Store(m)
	}
	m.Matched()
}

// forgetTargets drops the counters of targets that were removed.
func (c *Core) forgetTargets(n Name, rule string, ids []string) {
	book, source := c.outbox.Meters(), n.RuleARN(rule).String()
	for _, id := range ids {
		book.ForgetTarget(source, id)
	}
}
