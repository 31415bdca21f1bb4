package delivery

import (
	"fmt"
	"sync/atomic"
	"time"

	"github.com/carillon-events/carillon/internal/store"
)

// What a Guard answers. Trying again helps only when somebody has changed a
// policy, so neither is: "for errors that result from missing permissions to a
// target […] no retry attempts will happen".
// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html
var (
	ErrDenied     = fmt.Errorf("%w: denied", ErrRefused)
	ErrNotAssumed = fmt.Errorf("%w: not in the name of its role", ErrRefused)
)

// Guard tells whether what sends a delivery may. It is asked at every attempt,
// also that of a dead letter, on the shard's writer and on other goroutines, and
// must be quick.
type Guard interface {
	// Generation grows with every change of what decisions rest on, after it. A
	// decision of another generation is made anew.
	Generation() uint64

	// Decide decides about d by its Source, its Target and its Role.
	Decide(d *Delivery) Verdict
}

// Verdict is what a Guard decides.
type Verdict struct {
	Denied error // wraps ErrDenied or ErrNotAssumed; nil: it may be sent
	Noted  Note  // is told of each attempt; nil: nobody is
	Varies bool  // it may be another one for the next delivery of the same source and target

	generation uint64
}

// Note counts attempts.
type Note interface{ Again(now time.Time) }

// Permission remembers the verdict on what a source sends to one target. The
// source keeps one for each target, so that sending costs a comparison.
type Permission struct{ last atomic.Pointer[Verdict] }

// Ask has g asked about every delivery. Call it before the first Send.
func (o *Outbox) Ask(g Guard) { o.guard = g }

// permit is why d may not be sent.
func (o *Outbox) permit(d *Delivery, now time.Time) error {
	if o.guard == nil || d.Own {
		return nil
	}
	v := o.verdict(d, true)
	if v.Noted != nil {
		v.Noted.Again(now)
	}
	return v.Denied
}

// foresee has the verdict on d remembered, so that the writer need not decide.
func (o *Outbox) foresee(d *Delivery) {
	if o.guard != nil && !d.Own && d.Permission != nil {
		o.verdict(d, false)
	}
}

// verdict is what holds now for d. One that varies is only found out if it is
// needed.
func (o *Outbox) verdict(d *Delivery, needed bool) *Verdict {
	// Before the decision: one that a change has overtaken is made again.
	generation := o.guard.Generation()
	if d.Permission != nil {
		if v := d.Permission.last.Load(); v != nil && v.generation == generation && (!v.Varies || !needed) {
			return v
		}
	}
	v := o.guard.Decide(d)
	v.generation = generation
	out := &v
	if v.Denied == nil && v.Noted == nil && !v.Varies { // by far the most, so they are one
		if all := o.permitted.Load(); all != nil && all.generation == generation {
			out = all
		} else {
			o.permitted.Store(out)
		}
	}
	if d.Permission != nil {
		d.Permission.last.Store(out)
	}
	return out
}

// Finder is a Target that knows what there is.
type Finder interface {
	Target

	// Find returns what Deliver would for a target that does not exist; nil if it
	// does. Other errors are the store's.
	Find(tx *store.Tx, d *Delivery) error
}

// denied is why d is not sent that may not be: what does not exist yet has no
// policy yet, either.
func denied(tx *store.Tx, t Target, d *Delivery, why error) error {
	if f, ok := t.(Finder); ok {
		if missing := f.Find(tx, d); missing != nil {
			return missing
		}
	}
	return why
}
