package sqs

import (
	"crypto/md5"
	"encoding/hex"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	model "github.com/carillon-events/carillon/internal/awsmodel/sqs"
	"github.com/carillon-events/carillon/internal/queue"
	"github.com/carillon-events/carillon/internal/store"
	headers "github.com/carillon-events/carillon/internal/trace"
	"github.com/carillon-events/carillon/internal/wire"
)

// outgoing is a message as a client sends it, alone or in a batch.
type outgoing struct {
	body       string
	delay      wire.Opt[int32]
	attributes map[string]model.MessageAttributeValue
	system     map[string]model.MessageSystemAttributeValue
	group      wire.Opt[string]
	dedup      wire.Opt[string]
}

// prepared is a message that is ready to be sent.
type prepared struct {
	draft queue.Draft
	id    [16]byte
	size  int // of body and attributes: what a queue's MaximumMessageSize is about
	sum   [md5.Size]byte
	attrs []byte // encoded
	trace string
	delay int32

	// What the transaction leaves.
	result queue.Sent
	limit  int // of the queue, in bytes
}

// sent is what a client is told of a message that was sent.
type sent struct {
	id, body      string
	attrs, system wire.Opt[string]
	seq           wire.Opt[string]
}

const traceHeader = "AWSTraceHeader"

// prepare does all that can be done before the transaction.
func (p *prepared) prepare(c *wire.Call, n queue.Name, m *outgoing) error {
	if m.body == "" {
		return missing("MessageBody")
	}
	attrs, size, err := encodeAttributes(m.attributes)
	if err != nil {
		return err
	}
	size += len(m.body)
	if size > maxMessage {
		return tooLarge(maxMessage)
	}
	if r, bad := badCharacter(m.body); bad {
		return &wire.Error{Code: codeContents, Message: "Invalid binary character '" + characterName(r) + "' was found in the message body, the set of allowed characters is " + allowedCharacters}
	}
	trace, err := traceOf(m.system)
	if err != nil {
		return err
	}
	if err := checkPlacement(n, m); err != nil {
		return err
	}
	*p = prepared{id: newID(), size: size, sum: sumOf(m.body), attrs: attrs, trace: trace, delay: m.delay.V}
	if trace == "" {
		trace = headers.Public(c.TraceHeader())
	}
	p.draft = queue.NewDraft(queue.DraftInput{
		ID: p.id, Body: m.body, Sum: p.sum, Attributes: attrs, Sender: c.UserID(), Trace: trace,
		Group: m.group.V, Dedup: m.dedup.V,
		Delay: time.Duration(m.delay.V) * time.Second, HasDelay: m.delay.OK,
	})
	return nil
}

// checkPlacement checks what decides where in a queue of that name a message goes.
func checkPlacement(n queue.Name, m *outgoing) error {
	fifo := isFIFO(n.Name)
	if m.delay.OK && (m.delay.V < 0 || m.delay.V > 900) {
		return value("DelaySeconds", number(m.delay.V), "DelaySeconds must be >= 0 and <= 900.")
	}
	if fifo && m.delay.V != 0 {
		return value("DelaySeconds", number(m.delay.V), wrongType)
	}
	if m.group.OK && (fifo || m.group.V != "") {
		if err := checkToken("MessageGroupId", m.group.V); err != nil {
			return err
		}
	}
	if fifo && !m.group.OK {
		return missing("MessageGroupId")
	}
	if m.dedup.OK && !fifo {
		return value("MessageDeduplicationId", m.dedup.V, wrongType)
	}
	if m.dedup.OK {
		return checkToken("MessageDeduplicationId", m.dedup.V)
	}
	return nil
}

// traceOf is the one system attribute that there is to send.
func traceOf(system map[string]model.MessageSystemAttributeValue) (string, error) {
	if len(system) == 0 {
		return "", nil
	}
	for _, name := range slices.Sorted(maps.Keys(system)) {
		if name != traceHeader {
			return "", parameter("Message system attribute name '" + clip(name) + "' is invalid. You must use only the following supported names: [" + traceHeader + "].")
		}
	}
	v := system[traceHeader]
	if v.DataType != "String" || v.StringValue.V == "" {
		return "", parameter("The message system attribute '" + traceHeader + "' must contain a non-empty value of type 'String'.")
	}
	if r, bad := badCharacter(v.StringValue.V); bad {
		return "", parameter("Invalid binary character '" + characterName(r) + "' was found in the value of message system attribute '" + traceHeader + "', the set of allowed characters is " + allowedCharacters)
	}
	return v.StringValue.V, nil
}

// send is the transaction's part.
func (p *prepared) send(tx *store.Tx, q *queue.Queue) (err error) {
	if p.limit = q.Settings().Config.MaxMessageBytes; p.limit > 0 && p.size > p.limit {
		return queue.ErrTooLarge
	}
	p.result, err = queue.Send(tx, q, p.draft)
	return err
}

func (p *prepared) explain(err error) error {
	return explain(err, said{delay: p.delay, limit: p.limit})
}

// answer words what became of the message. All its texts are pieces of one.
func (p *prepared) answer(fifo bool) sent {
	var room [idText + 3*2*md5.Size + 20]byte
	b := hex.AppendEncode(appendID(room[:0], p.result.ID), p.sum[:])
	bodyEnd := len(b)
	if p.attrs != nil {
		sum := queue.SumAttributes(p.attrs)
		b = hex.AppendEncode(b, sum[:])
	}
	attrsEnd := len(b)
	if p.trace != "" {
		sum := queue.SumAttributes(queue.AppendAttribute(nil, traceHeader, "String", false, p.trace))
		b = hex.AppendEncode(b, sum[:])
	}
	systemEnd := len(b)
	if fifo {
		b = appendSequence(b, p.result.Seq)
	}
	all := string(b)
	return sent{
		id: all[:idText], body: all[idText:bodyEnd],
		attrs: some(all[bodyEnd:attrsEnd]), system: some(all[attrsEnd:systemEnd]), seq: some(all[systemEnd:]),
	}
}

// some is a present string, unless it is empty.
func some(s string) wire.Opt[string] { return wire.Opt[string]{V: s, OK: s != ""} }

// appendSequence appends a SequenceNumber: 20 digits, growing.
func appendSequence(dst []byte, seq uint64) []byte {
	return strconv.AppendUint(dst, 10_000_000_000_000_000_000+seq, 10)
}

// sumOf is the MD5 of a body.
func sumOf(body string) [md5.Size]byte { return md5.Sum(bytesOf(body)) }

// systemNames are the system attributes of a received message, as bits.
type systemNames uint16

const (
	wantSender systemNames = 1 << iota
	wantSentAt
	wantReceives
	wantFirstAt
	wantSequence
	wantDedup
	wantGroup
	wantTrace
	wantSource
)

var systemBits = map[string]systemNames{
	"All":                              1<<9 - 1,
	"SenderId":                         wantSender,
	"SentTimestamp":                    wantSentAt,
	"ApproximateReceiveCount":          wantReceives,
	"ApproximateFirstReceiveTimestamp": wantFirstAt,
	"SequenceNumber":                   wantSequence,
	"MessageDeduplicationId":           wantDedup,
	"MessageGroupId":                   wantGroup,
	traceHeader:                        wantTrace,
	"DeadLetterQueueSourceArn":         wantSource,
}

func systemNamesOf(lists ...[]string) (systemNames, error) {
	var want systemNames
	for _, names := range lists {
		for _, name := range names {
			bit, ok := systemBits[name]
			if !ok {
				return 0, unknownAttribute(name)
			}
			want |= bit
		}
	}
	return want, nil
}

// system is the attributes of a message that a receiver wants; nil if it has none.
func (w systemNames) system(m *queue.Message, fifo bool) map[string]string {
	if w == 0 {
		return nil
	}
	out := make(map[string]string, 8)
	text := func(bit systemNames, name, v string) {
		if w&bit != 0 && v != "" {
			out[name] = v
		}
	}
	whole := func(bit systemNames, name string, v int64) {
		if w&bit != 0 {
			out[name] = strconv.FormatInt(v, 10)
		}
	}
	text(wantSender, "SenderId", m.Sender)
	whole(wantSentAt, "SentTimestamp", m.SentAt.UnixMilli())
	whole(wantReceives, "ApproximateReceiveCount", int64(m.Receives))
	whole(wantFirstAt, "ApproximateFirstReceiveTimestamp", m.FirstReceivedAt.UnixMilli())
	text(wantDedup, "MessageDeduplicationId", m.Dedup)
	text(wantGroup, "MessageGroupId", m.Group)
	text(wantTrace, traceHeader, m.Trace)
	if fifo && w&wantSequence != 0 {
		out["SequenceNumber"] = string(appendSequence(nil, m.Seq))
	}
	if m.Source != nil && w&wantSource != 0 {
		out["DeadLetterQueueSourceArn"] = queueARN(*m.Source)
	}
	if len(out) == 0 {
		return nil
	}
	return out
}

// received words the messages of one receipt. Their ids, handles and digests
// are pieces of one text.
func (s *Service) received(messages []queue.Message, want systemNames, filter attributeFilter, fifo bool) []model.Message {
	if len(messages) == 0 {
		return nil
	}
	const each = idText + handleText + 2*md5.Size
	var text strings.Builder
	text.Grow(each * len(messages))
	var room [each]byte
	for i := range messages {
		m := &messages[i]
		b := s.seals.appendHandle(appendID(room[:0], m.ID), m.Receipt)
		text.Write(hex.AppendEncode(b, m.Sum[:]))
	}
	all := text.String()
	out := make([]model.Message, len(messages))
	for i := range messages {
		m, o := &messages[i], &out[i]
		line := all[i*each : (i+1)*each]
		o.MessageId = wire.Some(line[:idText])
		o.ReceiptHandle = wire.Some(line[idText : idText+handleText])
		o.MD5OfBody = wire.Some(line[idText+handleText:])
		o.Body = wire.Some(m.Body)
		o.Attributes = want.system(m, fifo)
		picked, sum, ok := filter.pick(m.Attributes)
		if ok && picked != nil {
			o.MessageAttributes = picked
			o.MD5OfMessageAttributes = wire.Some(hex.EncodeToString(sum[:]))
		}
	}
	return out
}
