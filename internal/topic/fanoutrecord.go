package topic

import (
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/carillon-events/carillon/internal/notification"
)

// A message that waits is
//
//	{version 1 = 1}{flags 1}{id 16}{at, nanoseconds i64}{sequence u64}
//	{subject}{group}{dedup}{unsubscribe}{trace}{attributes}   each {length uvarint}{bytes}
//	{texts uvarint}, for each {protocol}{text}                each {length uvarint}{bytes}
//	{text, the rest}
//
// flags: bit 0, Silent. attributes are as notification encodes them.
const silentFlag = 1

func (m *Message) encode() []byte {
	attributes := notification.AppendAttributes(nil, m.Attributes)
	b := make([]byte, 0, 128+len(m.Subject)+len(m.Group)+len(m.Dedup)+len(m.Unsubscribe)+len(m.Trace)+len(attributes)+len(m.Text))
	flags := byte(0)
	if m.Silent {
		flags = silentFlag
	}
	b = append(append(b, recordVersion, flags), m.ID[:]...)
	b = binary.BigEndian.AppendUint64(b, uint64(m.At.UnixNano()))
	b = binary.BigEndian.AppendUint64(b, m.sequence)
	for _, s := range []string{m.Subject, m.Group, m.Dedup, m.Unsubscribe, m.Trace, string(attributes)} {
		b = appendText(b, s)
	}
	b = binary.AppendUvarint(b, uint64(len(m.Texts)))
	for _, p := range slices.Sorted(maps.Keys(m.Texts)) {
		b = appendText(appendText(b, string(p)), m.Texts[p])
	}
	return append(b, m.Text...)
}

func appendText(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

var errMessage = errors.New("topic: a message that waits cannot be read")

func decodeMessage(b []byte) (m Message, err error) {
	const head = 2 + 16 + 8 + 8
	if len(b) < head || b[0] != recordVersion {
		return m, errMessage
	}
	m.Silent = b[1]&silentFlag != 0
	m.ID = [16]byte(b[2:])
	m.At = time.Unix(0, int64(binary.BigEndian.Uint64(b[18:]))).UTC()
	m.sequence = binary.BigEndian.Uint64(b[26:])
	r := reader{b[head:], true}
	for _, s := range []*string{&m.Subject, &m.Group, &m.Dedup, &m.Unsubscribe, &m.Trace} {
		*s = r.text()
	}
	attributes := r.text()
	for n := r.number(); n > 0 && r.ok; n-- {
		if m.Texts == nil {
			m.Texts = map[Protocol]string{}
		}
		p := Protocol(r.text())
		m.Texts[p] = r.text()
	}
	list, ok := notification.ReadAttributes([]byte(attributes))
	if !r.ok || !ok {
		return m, fmt.Errorf("%w: %x", errMessage, m.ID)
	}
	m.Attributes, m.Text = list, string(r.b)
	return m, nil
}

// reader reads fields off b as long as they are there.
type reader struct {
	b  []byte
	ok bool
}

func (r *reader) number() uint64 {
	n, used := binary.Uvarint(r.b)
	if used <= 0 {
		r.ok = false
		return 0
	}
	r.b = r.b[used:]
	return n
}

func (r *reader) text() string {
	n := r.number()
	if !r.ok || n > uint64(len(r.b)) {
		r.ok = false
		return ""
	}
	s := string(r.b[:n])
	r.b = r.b[n:]
	return s
}
