// Package event is the form of an event: the envelope that rules match and
// targets receive, how large it counts, and what its detail may be.
//
// The envelope is written as AWS writes it: the same keys in the same order,
// times to the second in UTC. Detail is never re-encoded: the bytes that the
// producer sent are the bytes that the consumer gets.
//
// It refuses a detail that is not a JSON object, or is nested deeper than
// MaxDepth. It does not know buses, rules or limits of requests.
package event

import (
	"bytes"
	"time"
	"unicode/utf8"
)

// Event is one accepted event.
type Event struct {
	ID         string
	DetailType string
	Source     string
	Account    string
	Time       time.Time
	Region     string
	Resources  []string
	Detail     string // a JSON object, as it was sent

	// CloudEvent is a JSON object with what a CloudEvent says that has no other
	// place, behind the detail; empty for events that are none.
	CloudEvent string
}

// Append appends the envelope to dst.
func (e *Event) Append(dst []byte) []byte {
	dst = append(dst, `{"version":"0","id":`...)
	dst = appendString(dst, e.ID)
	dst = append(dst, `,"detail-type":`...)
	dst = appendString(dst, e.DetailType)
	dst = append(dst, `,"source":`...)
	dst = appendString(dst, e.Source)
	dst = append(dst, `,"account":`...)
	dst = appendString(dst, e.Account)
	dst = append(dst, `,"time":"`...)
	dst = e.Time.UTC().AppendFormat(dst, "2006-01-02T15:04:05Z")
	dst = append(dst, `","region":`...)
	dst = appendString(dst, e.Region)
	dst = append(dst, `,"resources":[`...)
	for i, r := range e.Resources {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendString(dst, r)
	}
	dst = append(dst, `],"detail":`...)
	dst = append(dst, e.Detail...)
	if e.CloudEvent != "" {
		dst = append(append(dst, `,"cloudevent":`...), e.CloudEvent...)
	}
	return append(dst, '}')
}

// IDOf is the id in an envelope as Append writes it; empty if it is none.
func IDOf(envelope []byte) string {
	rest, ok := bytes.CutPrefix(envelope, []byte(`{"version":"0","id":"`))
	id, _, ended := bytes.Cut(rest, []byte{'"'})
	if !ok || !ended || bytes.IndexByte(id, '\\') >= 0 {
		return ""
	}
	return string(id)
}

// EnvelopeSize is more than the envelope adds to the strings in it, unless
// they need escapes: what to allocate.
const EnvelopeSize = 256

// Size is how large an entry of PutEvents counts: 14 bytes for a time, if it
// has one, and its strings.
// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-putevents.html
func Size(hasTime bool, source, detailType, detail string, resources []string) int {
	n := len(source) + len(detailType) + len(detail)
	if hasTime {
		n += 14
	}
	for _, r := range resources {
		n += len(r)
	}
	return n
}

const hexDigits = "0123456789abcdef"

// AppendString appends s as a JSON string; bytes that are not UTF-8 become
// U+FFFD.
func AppendString(dst []byte, s string) []byte { return appendString(dst, s) }

// appendString appends s as a JSON string. Only what must be escaped is.
func appendString(dst []byte, s string) []byte {
	dst = append(dst, '"')
	start := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= utf8.RuneSelf {
			r, n := utf8.DecodeRuneInString(s[i:])
			if r == utf8.RuneError && n == 1 {
				dst = append(append(dst, s[start:i]...), "\uFFFD"...)
				start = i + 1
			}
			i += n
			continue
		}
		if c >= ' ' && c != '"' && c != '\\' {
			i++
			continue
		}
		dst = append(dst, s[start:i]...)
		switch c {
		case '"', '\\':
			dst = append(dst, '\\', c)
		case '\n':
			dst = append(dst, '\\', 'n')
		case '\r':
			dst = append(dst, '\\', 'r')
		case '\t':
			dst = append(dst, '\\', 't')
		default:
			dst = append(dst, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
		}
		i++
		start = i
	}
	return append(append(dst, s[start:]...), '"')
}
