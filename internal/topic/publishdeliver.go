package topic

import (
	"errors"
	"strconv"

	"github.com/google/uuid"

	"github.com/carillon-events/carillon/internal/arn"
	"github.com/carillon-events/carillon/internal/delivery"
	"github.com/carillon-events/carillon/internal/notification"
)

// queueService is the service in the ARNs of queues.
const queueService = "sqs"

// rendering is a body that several members get.
type rendering struct {
	key    Protocol // of the text
	queue  bool
	raw    bool
	body   []byte
	at     int    // where each member's inset goes; -1: nowhere
	params []byte // of what goes into queues
	n      int    // members in queues that get it
	shared any
	unfit  error // why it cannot be delivered
}

// renderer makes the deliveries of one message, of which members that get the
// same share what they can.
type renderer struct {
	audience *audience
	message  *Message
	wait     bool // bodies are not prepared yet: finish does it
	id       string
	list     []*rendering
}

// of is what a member gets.
func (r *renderer) of(s *member) *rendering {
	inQueue := s.protocol == Queue
	raw := inQueue && s.raw
	key := s.textKey()
	if _, own := r.message.Texts[key]; !own {
		key = ""
	}
	for _, known := range r.list {
		if known.key == key && known.queue == inQueue && known.raw == raw {
			return known
		}
	}
	made := r.render(key, inQueue, raw)
	r.list = append(r.list, made)
	return made
}

func (r *renderer) render(key Protocol, inQueue, raw bool) *rendering {
	m := r.message
	text := m.text(key)
	out := &rendering{key: key, queue: inQueue, raw: raw, at: -1}
	extras := notification.Extras{Dedup: m.Dedup}
	if m.replay > 0 {
		extras.Dedup = replayID(r.messageID(), m.replay)
	}
	if raw {
		out.body, extras.Attributes = []byte(text), m.encodedAttributes()
		out.params = extras.Encode()
		return out
	}
	doc := notification.Notification{
		Type: notification.Message, MessageID: r.messageID(), TopicARN: r.audience.arn, Subject: m.Subject, Message: text, Timestamp: m.At,
		Replayed: m.replay > 0,
	}
	if !m.Silent {
		doc.Attributes = m.Attributes
	}
	if m.sequence > 0 {
		doc.Sequence = SequenceText(m.sequence)
	}
	if !inQueue { // who delivers it adds what is said of the subscription, and signs it
		out.body = doc.Append(nil)
		return out
	}
	if m.Unsubscribe != "" {
		doc.UnsubscribeURL = m.Unsubscribe + r.audience.arn + ":"
	}
	out.unfit = m.signatures.apply(&doc, key, r.audience.config.SHA256)
	if out.body, out.at = doc.AppendOpen(make([]byte, 0, len(text)+len(text)/16+512)); out.at == 0 {
		out.at = -1
	}
	out.params = extras.Encode()
	return out
}

func (r *renderer) messageID() string {
	if r.id == "" {
		r.id = uuid.UUID(r.message.ID).String()
	}
	return r.id
}

// SequenceText is a sequence number as it is shown: 20 digits, growing.
func SequenceText(n uint64) string { return strconv.FormatUint(10_000_000_000_000_000_000+n, 10) }

// bytes bounds what must be written for each of these members by itself.
func (r *renderer) bytes(to []*member) (n int) {
	size := len(r.message.Text)
	for _, text := range r.message.Texts {
		size = max(size, len(text))
	}
	for _, s := range to {
		if s.protocol != Queue {
			n += size
		}
	}
	return n
}

// errTooManyAttributes: AWS drops such a message for queues that want it raw.
// https://docs.aws.amazon.com/sns/latest/dg/sns-message-attributes.html
var errTooManyAttributes = errors.New("a queue takes at most 10 attributes of a message")

const queueAttributes = 10

// deliveries are those to these members, ready to be sent.
func (r *renderer) deliveries(outbox *delivery.Outbox, to []*member) []delivery.Delivery {
	out := make([]delivery.Delivery, len(to))
	if r.wait {
		for i, s := range to {
			out[i].Shared = s // until finish
		}
		return out
	}
	got := make([]*rendering, len(to))
	for i, s := range to {
		if got[i] = r.of(s); s.protocol == Queue {
			got[i].n++
		}
	}
	for _, one := range r.list {
		if one.n > 1 {
			one.shared = outbox.Share(queueService, one.body, one.at, one.n)
		}
	}
	for i, s := range to {
		r.fill(&out[i], s, got[i])
		if out[i].Unfit == nil {
			outbox.Prepare(&out[i])
		}
	}
	return out
}

// finish makes the deliveries of a FIFO topic's message, which has its number.
func (m *pending) finish(outbox *delivery.Outbox) {
	to := make([]*member, len(m.deliveries))
	for i := range m.deliveries {
		to[i] = m.deliveries[i].Shared.(*member)
	}
	r := renderer{audience: m.audience, message: &m.Message}
	m.deliveries = r.deliveries(outbox, to)
}

// fill makes d the delivery of what a member gets.
func (r *renderer) fill(d *delivery.Delivery, s *member, got *rendering) {
	m, sub, called := r.message, s.id.String(), r.messageID()
	if m.replay > 0 {
		called = replayID(called, m.replay)
	}
	*d = delivery.Delivery{
		Key: delivery.KeyOf(called, r.audience.arn, sub), Source: r.audience.arn, TargetID: sub, Trace: m.Trace,
		EventID: r.messageID(), Body: got.body, Params: got.params, AcceptedAt: m.At, Policy: s.policy(r.audience),
		Permission: &s.may,
	}
	if s.deadLetter != "" {
		d.DeadLetter, _ = arn.Parse(s.deadLetter) // was checked
	}
	if s.protocol != Queue {
		d.Target = r.audience.name.ARN()
		d.Target.Resource += ":" + sub
		return
	}
	d.GroupID, d.Shared = m.Group, got.shared
	var err error
	if d.Target, err = arn.Parse(s.endpoint); err != nil {
		d.Unfit = err
		return
	}
	switch {
	case got.unfit != nil:
		d.Unfit = got.unfit
	case got.raw && !m.Silent && len(m.Attributes) > queueAttributes:
		d.Unfit = errTooManyAttributes
	case got.at >= 0:
		d.Inset = &delivery.Inset{At: got.at, Text: sub}
	}
}
