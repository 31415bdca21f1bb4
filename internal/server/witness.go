package server

import (
	"time"

	"github.com/carillon-events/carillon/internal/access"
	"github.com/carillon-events/carillon/internal/api/cloudtrail"
	"github.com/carillon-events/carillon/internal/arn"
	"github.com/carillon-events/carillon/internal/delivery"
)

// witnessed is who decides what rules and topics may send, with the audit log
// told of every attempt that is denied.
type witnessed struct {
	access.Senders
	node *Running // whose audit log is there when the first delivery is sent
}

// Decide implements delivery.Guard.
func (w witnessed) Decide(d *delivery.Delivery) delivery.Verdict {
	v := w.Senders.Decide(d)
	if v.Denied == nil {
		return v
	}
	source, _ := arn.Parse(d.Source) // what cannot be read is nobody's
	v.Noted = &deniedAttempt{v.Noted, w.node.audits, cloudtrail.Denial{
		By: source.Service + ".amazonaws.com", Action: w.Action(d), Account: source.Account, Region: source.Region,
		Source: d.Source, Target: d.Target.String(), Reason: v.Denied.Error(),
	}}
	return v
}

// deniedAttempt is a delivery.Note.
type deniedAttempt struct {
	next   delivery.Note // may be nil
	audits *cloudtrail.Recorder
	denial cloudtrail.Denial
}

// Again implements delivery.Note. It may run inside a transaction.
func (a *deniedAttempt) Again(now time.Time) {
	if a.next != nil {
		a.next.Again(now)
	}
	a.audits.Deny(a.denial)
}
