package bus

import (
	"strings"

	"github.com/carillon-events/carillon/internal/store"
)

// Accepted is an event that a bus has accepted.
type Accepted struct {
	Bus   Name
	Event []byte   // the envelope; not to be changed
	Rules []string // names of the rules that matched, archives' own first
}

// Observer hears of events once they are durable, in the order of their
// acceptance.
type Observer interface {
	// Watching tells whether anybody wants to hear. It is asked for every event.
	Watching() bool
	// Accepted must not block: every answer waits for it.
	Accepted(a Accepted)
}

// Observe has o hear of every event. Call it before the first.
func (c *Core) Observe(o Observer) { c.observer = o }

// observed tells the observer of p after the commit of tx, if it wants to know.
func (c *Core) observed(tx *store.Tx, p *pending) {
	if c.observer == nil || !c.observer.Watching() {
		return
	}
	a := Accepted{Bus: p.bus, Event: p.body}
	for i := range p.deliveries {
		source := p.deliveries[i].Source
		name := source[strings.LastIndexByte(source, '/')+1:]
		if n := len(a.Rules); n == 0 || a.Rules[n-1] != name { // a rule's targets come together
			a.Rules = append(a.Rules, name)
		}
	}
	tx.AfterCommit(func() { c.observer.Accepted(a) })
}
