package topic

import (
	"strconv"

	"github.com/google/uuid"

	"github.com/carillon-events/carillon/internal/event"
	"github.com/carillon-events/carillon/internal/store"
	headers "github.com/carillon-events/carillon/internal/trace"
	"github.com/carillon-events/carillon/internal/trail"
)

// What a topic did with a message is on the trail as an event of its own, with
// the message's id and no rules: how many got it, or that it was kept for its
// fan-out; and of one that was kept, again when it had gone out. Attempts at
// deliveries that were not made at once, the outbox tells of.

// Record has t be told what becomes of every message. Call it before the first.
func (c *Core) Record(t *trail.Trail) { c.trail = t }

// What a message's event is called.
const (
	trailSource  = "carillon.topic"
	trailSent    = "Message sent"
	trailKept    = "Message kept for its fan-out"
	trailGoneOut = "Message gone out"
	// Of one subscription, about which nothing else is said:
	trailReplayed = "Message replayed"
	trailCaughtUp = "Message sent after a replay"
)

// note tells the trail what became of a message. to is how many it was sent to.
func (c *Core) note(tx *store.Tx, a *audience, m *Message, what string, to uint64) error {
	if !c.trail.On() {
		return nil
	}
	id := uuid.UUID(m.ID).String()
	detail := append(make([]byte, 0, 128), `{"bytes":`...)
	detail = strconv.AppendInt(detail, int64(len(m.Text)), 10)
	if what != trailKept {
		detail = strconv.AppendUint(append(detail, `,"subscriptions":`...), to, 10)
	}
	if m.Subject != "" {
		detail = event.AppendString(append(detail, `,"subject":`...), m.Subject)
	}
	if m.sequence > 0 {
		detail = append(append(append(detail, `,"sequenceNumber":"`...), SequenceText(m.sequence)...), '"')
	}
	e := event.Event{
		ID: id, DetailType: what, Source: trailSource, Account: a.name.Account, Region: a.name.Region, Time: tx.Now(),
		Resources: []string{a.arn}, Detail: string(append(detail, '}')),
	}
	return c.trail.Accept(tx, &trail.Acceptance{
		ID: trail.ReadID(id), Bus: trail.Bus{Account: a.name.Account, Region: a.name.Region, Name: "topic/" + a.name.Topic},
		Trace: headers.Public(m.Trace), ReceivedAt: m.At, Fate: trail.Published, Envelope: e.Append(nil),
	}, nil)
}
