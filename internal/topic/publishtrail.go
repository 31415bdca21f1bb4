package topic

import (
	"strconv"

	"github.com/google/uuid"

	"github.com/carillon-events/carillon/internal/arn"
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
	var more []byte
	if what != trailKept {
		more = strconv.AppendUint(append(make([]byte, 0, 32), `,"subscriptions":`...), to, 10)
	}
	bus := trail.Bus{Account: a.name.Account, Region: a.name.Region, Name: "topic/" + a.name.Topic}
	return c.tell(tx, bus, a.arn, m, what, more)
}

// noteTo tells the trail of a message that goes to a device or a phone number,
// without a topic.
func (c *Core) noteTo(tx *store.Tx, to arn.ARN, m *Message) error {
	if !c.trail.On() {
		return nil
	}
	return c.tell(tx, trail.Bus{Account: to.Account, Region: to.Region, Name: to.Resource}, to.String(), m, trailSent, nil)
}

// tell puts a message on the trail; more is what else its detail says.
func (c *Core) tell(tx *store.Tx, on trail.Bus, resource string, m *Message, what string, more []byte) error {
	id := uuid.UUID(m.ID).String()
	detail := append(make([]byte, 0, 128), `{"bytes":`...)
	detail = append(strconv.AppendInt(detail, int64(len(m.Text)), 10), more...)
	if m.Subject != "" {
		detail = event.AppendString(append(detail, `,"subject":`...), m.Subject)
	}
	if m.sequence > 0 {
		detail = append(append(append(detail, `,"sequenceNumber":"`...), SequenceText(m.sequence)...), '"')
	}
	e := event.Event{
		ID: id, DetailType: what, Source: trailSource, Account: on.Account, Region: on.Region, Time: tx.Now(),
		Resources: []string{resource}, Detail: string(append(detail, '}')),
	}
	return c.trail.Accept(tx, &trail.Acceptance{
		ID: trail.ReadID(id), Bus: on,
		Trace: headers.Public(m.Trace), ReceivedAt: m.At, Fate: trail.Published, Envelope: e.Append(nil),
	}, nil)
}
