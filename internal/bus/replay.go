package bus

import (
	"github.com/carillon-events/carillon/internal/arn"
	"github.com/carillon-events/carillon/internal/event"
	"github.com/carillon-events/carillon/internal/store"
)

// Replay puts an event onto a bus again, as the envelope says, and sends it to
// the rules that match, of those only to the ones in rules (ARNs) unless that
// is empty. id names this putting of the event: its deliveries are others than
// those of any other id. exists is false, and nothing was written, if there is
// no such bus.
//
// It matches in the transaction: the caller puts few events in each.
func (c *Core) Replay(tx *store.Tx, to arn.ARN, only []string, id, trace string, envelope []byte) (exists bool, err error) {
	name, _ := to.BusName()
	p := newPending(Name{to.Account, to.Region, name}, id, event.IDOf(envelope), "", trace, envelope, tx.Now())
	if len(only) > 0 {
		p.only = only
	}
	if p.met, err = rules(tx, p.bus); err != nil || p.met == nil {
		return false, err
	}
	p.match(p.met, c.outbox)
	c.counts.accepted.Add(1)
	return true, c.put(tx, &p)
}
