package archive

import (
	"fmt"
	"math"
	"time"

	"github.com/carillon-events/carillon/internal/arn"
	"github.com/carillon-events/carillon/internal/event"
	"github.com/carillon-events/carillon/internal/store"
)

// Bus takes the events of replays.
type Bus interface {
	// Replay sends the event to the rules of the bus that match it, of those only
	// to the ones in rules (ARNs) unless that is empty, in this transaction. id is
	// another one for each call, so that what a target takes for a repeat is not.
	// exists is false, and nothing was written, if there is no such bus. An error
	// is the store's.
	Replay(tx *store.Tx, bus arn.ARN, rules []string, id, trace string, envelope []byte) (exists bool, err error)
}

// A step replays at most stepEvents events, and none behind the stepBytes-th
// byte, so that the shard serves others in between. It looks at most at
// stepLooks: events that came after the replay's start are left out.
const (
	stepEvents = 100
	stepBytes  = 1 << 20
	stepLooks  = 10 * stepEvents
)

// Why a replay failed, in its Reason.
const (
	ReasonArchiveGone = "The archive was deleted."
	ReasonBusGone     = "The destination event bus does not exist."
	ReasonDamaged     = "An event in the archive cannot be read."
)

// StepReplay is the handler of timer.ArchiveReplay.
func (c *Core) StepReplay(tx *store.Tx, at time.Time, ref []byte) error {
	n, ok := nameOf(ref)
	if !ok {
		return nil
	}
	v, found, err := tx.Get(replayKey(n))
	if err != nil || !found {
		return err
	}
	r, err := decodeReplay(n, v)
	if err != nil || !r.TimerAt.Equal(at) {
		return err
	}
	switch {
	case r.State.Ended():
		return tx.Delete(replayKey(n))
	case r.State == Cancelling:
		return r.end(tx, Cancelled, "")
	case r.State == Starting:
		r.become(Running)
	}
	return c.step(tx, &r)
}

// end ends the replay, and has it forgotten when its time is over.
func (r *Replay) end(tx *store.Tx, s State, reason string) error {
	r.become(s)
	r.Reason, r.EndedAt = reason, tx.Now()
	r.TimerAt = r.EndedAt.Add(keepReplays)
	if err := tx.Delete(activeKey(r.Name)); err != nil {
		return err
	}
	return r.save(tx)
}

func (c *Core) step(tx *store.Tx, r *Replay) error {
	rec, found, err := get(tx, r.Archive)
	if err != nil {
		return err
	}
	if !found || rec.Number != r.Number {
		return r.end(tx, Failed, ReasonArchiveGone)
	}
	p, err := r.plan(tx)
	if err != nil {
		return err
	}
	if p.damaged {
		return r.end(tx, Failed, ReasonDamaged)
	}
	to, err := arn.Parse(r.Bus)
	if err != nil {
		return err
	}
	for i, e := range p.events {
		id := fmt.Sprintf("%s/%d", r.Name.ReplayARN(), e.place.Seq)
		exists, err := c.bus.Replay(tx, to, r.Rules, id, e.Trace, e.Envelope)
		if err != nil {
			return err
		}
		if !exists {
			if i > 0 {
				return fmt.Errorf("replay %s: the bus went while its transaction ran", r.Name.Name)
			}
			return r.end(tx, Failed, ReasonBusGone)
		}
		r.Replayed++
		r.LastReplayedAt = e.place.time()
	}
	if p.last {
		return r.end(tx, Completed, "")
	}
	r.Next, r.TimerAt = p.next, p.resumeAt
	return r.save(tx)
}

// plan is what a step does.
type plan struct {
	events   []planned
	last     bool  // nothing comes after
	next     place // else: where the next step goes on
	resumeAt time.Time
	damaged  bool
}

type planned struct {
	Event
	place place
}

// plan reads the events of the next step.
func (r *Replay) plan(tx *store.Tx) (plan, error) {
	p := plan{last: true, resumeAt: tx.Now()}
	size, looks := 0, 0
	err := tx.Scan(eventKey(r.Number, r.Next), eventKey(r.Number, r.until()), func(k, v []byte) bool {
		at, err := placeOf(k)
		if err != nil {
			p.damaged = true
			return false
		}
		due := tx.Now()
		if at.Seq < r.Below {
			due = r.due(at, tx.Now())
		}
		if looks == stepLooks || len(p.events) == stepEvents || size >= stepBytes || due.After(tx.Now()) {
			p.last, p.next, p.resumeAt = false, at, due
			return false
		}
		looks++
		size += len(v)
		if at.Seq >= r.Below {
			return true
		}
		e, err := decodeEvent(v)
		if err == nil {
			e.Envelope, err = event.AppendReplayed(make([]byte, 0, len(e.Envelope)+len(r.Name.Name)+32), e.Envelope, r.Name.Name)
		}
		p.damaged = err != nil
		p.events = append(p.events, planned{e, at})
		return !p.damaged
	})
	return p, err
}

// due is when an event's turn is.
func (r *Replay) due(at place, now time.Time) time.Time {
	if r.Speed <= 0 {
		return now
	}
	if r.Pace == nil {
		r.Pace = &pace{at.At, now}
	}
	after := float64(at.At-r.Pace.First) / r.Speed * float64(time.Second)
	return r.Pace.At.Add(time.Duration(min(after, math.MaxInt64/2)))
}
