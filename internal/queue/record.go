package queue

import (
	"encoding/binary"
	"errors"
	"time"
	"unsafe"

	"github.com/carillon-events/carillon/internal/store"
)

// A record is a stored message:
//
//	{version=1 u8}{0 u8}{message id 16}{sent at, microseconds i64}{MD5 of body 16}
//	{group}{dedup}{sender}{trace}{source}{attributes}   each {length uvarint}{bytes}
//	{body}                                              the rest
//
// Version 2 refers to a body that is shared with other messages (shared.go); the
// rest is then {block u64}{number in it u16}{size u32}. In version 3 {offset u32}
// and a text follow, and the message's body is the shared one with the text put in
// at the offset.
//
// source is account/region/name/receives of a dead letter: the queue that it
// comes from, and how often it was received before it came.
const (
	recordVersion = 1
	sharedVersion = 2
	insetVersion  = 3
	sentAtOffset  = 18
	sumOffset     = 26
	fieldsOffset  = 42
)

var errRecord = errors.New("queue: a stored message cannot be read")

// DraftInput is a message to be sent.
type DraftInput struct {
	ID         [16]byte
	Body       string
	Sum        [16]byte // MD5 of Body
	Attributes []byte   // of AppendAttribute
	Sender     string
	Trace      string
	Group      string // at most 128 bytes
	Dedup      string // at most 128 bytes
	Delay      time.Duration
	HasDelay   bool    // Delay replaces the queue's
	Shared     *Shared // the body, if it is shared; Body and Sum are not looked at then
	Inset      string  // of a Shared of ShareAround: what goes into the body
}

// Draft is a message encoded for Send, off the writer's goroutine. A draft is
// sent once: Send keeps its bytes.
type Draft struct {
	record   []byte
	body     int     // offset of the body, or of what refers to it
	shared   *Shared // the body that the record will refer to
	inset    string  // goes into it
	attrs    int     // length of the attributes
	id       [16]byte
	group    string
	dedup    string
	delay    time.Duration
	hasDelay bool
}

// NewDraft encodes in.
func NewDraft(in DraftInput) Draft {
	if in.Shared != nil {
		in.Body, in.Sum = "", in.Shared.sumWith(in.Inset)
	}
	size := fieldsOffset + len(in.Group) + len(in.Dedup) + len(in.Sender) + len(in.Trace) + len(in.Attributes) + len(in.Body) + len(in.Inset) + 20
	b := make([]byte, fieldsOffset, size)
	b[0] = recordVersion
	copy(b[2:], in.ID[:])
	copy(b[sumOffset:], in.Sum[:])
	b = appendField(b, in.Group)
	b = appendField(b, in.Dedup)
	b = appendField(b, in.Sender)
	b = appendField(b, in.Trace)
	b = appendField(b, "")
	b = binary.AppendUvarint(b, uint64(len(in.Attributes)))
	b = append(b, in.Attributes...)
	d := Draft{
		body: len(b), attrs: len(in.Attributes), shared: in.Shared, inset: in.Inset,
		id: in.ID, group: in.Group, dedup: in.Dedup, delay: in.Delay, hasDelay: in.HasDelay,
	}
	if in.Shared != nil {
		b[0] = sharedVersion
		b = append(b, make([]byte, bodyRefSize)...) // of Send
		if in.Inset != "" {
			b[0] = insetVersion
			b = append(binary.BigEndian.AppendUint32(b, uint32(in.Shared.open)), in.Inset...)
		}
	}
	d.record = append(b, in.Body...)
	return d
}

// text is the body.
func (d *Draft) text() []byte {
	if d.shared != nil {
		return insert(d.shared.body, d.shared.open, d.inset)
	}
	return d.record[d.body:]
}

// size is the body's.
func (d *Draft) size() int {
	if d.shared != nil {
		return len(d.shared.body) + len(d.inset)
	}
	return len(d.record) - d.body
}

// insert is body with a text put in at an offset.
func insert(body []byte, at int, text string) []byte {
	if text == "" {
		return body
	}
	b := make([]byte, 0, len(body)+len(text))
	return append(append(append(b, body[:at]...), text...), body[at:]...)
}

// refer has the record refer to its shared body, if it has one.
func (d *Draft) refer(tx *store.Tx) error {
	if d.shared == nil {
		return nil
	}
	b, err := blocksOf.In(tx)
	if err != nil {
		return err
	}
	ref, err := b.refer(tx, d.shared)
	ref.put(d.record[d.body:])
	return err
}

func appendField(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

func stampSentAt(record []byte, at time.Time) {
	binary.BigEndian.PutUint64(record[sentAtOffset:], uint64(at.UnixMicro()))
}

func recordSentAt(record []byte) time.Time { return timeAt(record, sentAtOffset) }

// Message is a received message.
type Message struct {
	ID              [16]byte
	Seq             uint64
	Body            string
	Sum             [16]byte // MD5 of Body
	Attributes      []byte
	Sender          string
	Trace           string
	Group           string
	Dedup           string
	Source          *Name // where it was dead lettered from
	SentAt          time.Time
	FirstReceivedAt time.Time
	Receives        int // this receipt included, and those of a dead letter elsewhere
	Receipt         Receipt

	before  int     // receipts of a dead letter elsewhere
	shared  bodyRef // where Body is, until open has read it
	inset   string  // goes into it, at insetAt
	insetAt int
}

// Receipt is the proof of a receipt. The service makes a handle of it that
// cannot be forged.
type Receipt struct {
	Queue    uint64
	Seq      uint64
	Receives uint32
	Indexed  bool // the body is under M, not B
}

// open reads the body if it is shared; the record has been decoded.
func (m *Message) open(tx *store.Tx) error {
	if m.shared.block == 0 {
		return nil
	}
	b, err := blocksOf.In(tx)
	if err != nil {
		return err
	}
	body, err := b.body(tx, m.shared)
	if err == nil {
		m.Body = view(insert(body, m.insetAt, m.inset))
	}
	return err
}

// decodeRecord reads a record; the message's fields point into b. Of a shared
// body it reads only where that is.
func decodeRecord(b []byte, m *Message) error {
	if len(b) < fieldsOffset || b[0] < recordVersion || b[0] > insetVersion {
		return errRecord
	}
	shared := b[0] != recordVersion
	copy(m.ID[:], b[2:])
	m.SentAt = recordSentAt(b)
	copy(m.Sum[:], b[sumOffset:])
	rest := b[fieldsOffset:]
	var source string
	for _, f := range []*string{&m.Group, &m.Dedup, &m.Sender, &m.Trace, &source} {
		v, r, ok := cutField(rest)
		if !ok {
			return errRecord
		}
		*f, rest = view(v), r
	}
	attrs, body, ok := cutField(rest)
	if !ok {
		return errRecord
	}
	if len(attrs) > 0 {
		m.Attributes = attrs
	}
	if shared {
		if !m.refer(body, b[0] == insetVersion) {
			return errRecord
		}
	} else {
		m.Body = view(body)
	}
	if source != "" {
		n, receives, ok := parseOrigin(source)
		if !ok {
			return errRecord
		}
		m.Source, m.before = &n, receives
	}
	return nil
}

// refer reads where a shared body is, and what goes into it.
func (m *Message) refer(b []byte, inset bool) bool {
	if len(b) < bodyRefSize || !inset && len(b) > bodyRefSize {
		return false
	}
	m.shared = readBodyRef(b)
	if !inset {
		return true
	}
	if b = b[bodyRefSize:]; len(b) < 4 {
		return false
	}
	m.insetAt, m.inset = int(binary.BigEndian.Uint32(b)), view(b[4:])
	return m.insetAt <= int(m.shared.size)
}

func cutField(b []byte) (field, rest []byte, ok bool) {
	n, w := binary.Uvarint(b)
	if w <= 0 || n > uint64(len(b)-w) {
		return nil, nil, false
	}
	return b[w : w+int(n)], b[w+int(n):], true
}

// view is b as a string without a copy; records are never written again.
func view(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

// redirect is m's record as it stands in a dead-letter queue; origin says where
// it comes from.
func redirect(m *Message, origin string, sentAt time.Time) []byte {
	b := make([]byte, fieldsOffset, fieldsOffset+len(m.Group)+len(m.Dedup)+len(m.Sender)+len(m.Trace)+len(origin)+len(m.Attributes)+len(m.Body)+24)
	b[0] = recordVersion
	copy(b[2:], m.ID[:])
	stampSentAt(b, sentAt)
	copy(b[sumOffset:], m.Sum[:])
	for _, f := range []string{m.Group, m.Dedup, m.Sender, m.Trace, origin} {
		b = appendField(b, f)
	}
	b = binary.AppendUvarint(b, uint64(len(m.Attributes)))
	b = append(b, m.Attributes...)
	return append(b, m.Body...)
}
