package topic

import (
	"github.com/google/uuid"

	"github.com/carillon-events/carillon/internal/arn"
	"github.com/carillon-events/carillon/internal/delivery"
	"github.com/carillon-events/carillon/internal/notification"
	"github.com/carillon-events/carillon/internal/store"
)

// Reaches tells whether anything delivers to an app on a device, or to a phone
// number, without a topic.
func (c *Core) Reaches(to arn.ARN) bool { return c.outbox != nil && c.outbox.Reaches(to) }

// SendTo sends a message to an app on a device or a phone number, which its
// protocol says, without a topic.
func (c *Core) SendTo(tx *store.Tx, to arn.ARN, key Protocol, m Message) error {
	id := uuid.UUID(m.ID).String()
	doc := notification.Notification{
		Type: notification.Message, MessageID: id, Subject: m.Subject, Message: m.text(key), Timestamp: m.At, Attributes: m.Attributes,
	}
	source := to.String()
	d := delivery.Delivery{
		Key: delivery.KeyOf(id, source, ""), Source: source, Target: to, Trace: m.Trace, EventID: id,
		Body: doc.Append(nil), AcceptedAt: tx.Now(), Policy: &otherPolicy,
	}
	if _, err := c.outbox.Send(tx, &d); err != nil {
		return err
	}
	return c.noteTo(tx, to, &m)
}
