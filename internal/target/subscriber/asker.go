package subscriber

import (
	"crypto/sha256"
	"encoding/binary"
	"time"

	"github.com/carillon-events/carillon/internal/arn"
	"github.com/carillon-events/carillon/internal/delivery"
	"github.com/carillon-events/carillon/internal/notification"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/topic"
)

// Asker asks endpoints through the outbox, so that it is tried again and
// survives a restart. It is a topic.Asker.
type Asker struct {
	Outbox  *delivery.Outbox
	BaseURL string // of Carillon, as subscribers reach it
	// Sign signs what queues of other accounts are asked; nil: nobody does.
	Sign topic.Sign
}

// Ask implements topic.Asker.
func (a *Asker) Ask(tx *store.Tx, s topic.Subscription, token string) error {
	return a.send(tx, &s, func(key delivery.Key, at time.Time) notification.Notification {
		return notification.Asking(key.String(), s.Topic.ARN().String(), token, at)
	})
}

// Farewell implements topic.Asker.
func (a *Asker) Farewell(tx *store.Tx, s topic.Subscription, token string) error {
	return a.send(tx, &s, func(key delivery.Key, at time.Time) notification.Notification {
		return notification.Farewell(key.String(), s.Topic.ARN().String(), s.ARN().String(), token, at)
	})
}

func (a *Asker) send(tx *store.Tx, s *topic.Subscription, document func(delivery.Key, time.Time) notification.Notification) error {
	topicARN, now := s.Topic.ARN().String(), tx.Now()
	key := keyOf(s, now)
	n := document(key, now)
	d := &delivery.Delivery{
		Key: key, Source: topicARN, TargetID: s.ID.String(), Target: s.ARN(), AcceptedAt: now, Policy: s.Attempts(topic.Config{}),
	}
	switch s.Protocol {
	case topic.Queue: // of another account, whose owner finds it there
		target, err := arn.Parse(s.Endpoint)
		if err != nil {
			return nil // it was checked; a queue that there cannot be is not asked
		}
		d.Target = target
		n.SubscribeURL = notification.ConfirmURL(a.BaseURL, topicARN, n.Token)
		if a.Sign != nil { // as the topic does, but that its settings are not known here
			n.Timestamp = notification.Signable(n.Timestamp)
			if err := a.Sign(&n, false); err != nil {
				return nil // it cannot be asked; as above
			}
		}
	case topic.HTTPPlain, topic.HTTPS, topic.Mail, topic.MailJSON:
	default:
		return nil // phones and apps cannot answer
	}
	d.Body = n.Append(nil)
	a.Outbox.Prepare(d)
	_, err := a.Outbox.Send(tx, d)
	return err
}

// keyOf is the key of what is asked at an instant: a UUID of version 8.
func keyOf(s *topic.Subscription, at time.Time) delivery.Key {
	sum := sha256.Sum256(binary.BigEndian.AppendUint64([]byte("ask "+s.ARN().String()), uint64(at.UnixNano())))
	sum[6], sum[8] = sum[6]&0x0f|0x80, sum[8]&0x3f|0x80
	return delivery.Key(sum[:16])
}
