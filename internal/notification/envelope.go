// Package notification is the document that subscribers of a topic get: the
// message, and what is said about it, as JSON in the form in which AWS sends it.
//
// It owns the document's text, in both directions, and how message attributes
// travel beside a message that goes without it (attributes.go). It refuses to
// know who subscribes, and what a signature is made with.
package notification

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"time"
	"unicode/utf8"
)

// The types of documents.
const (
	Message        = "Notification"
	Confirm        = "SubscriptionConfirmation"
	UnsubscribeAck = "UnsubscribeConfirmation"
)

// Notification is a document. What is empty is left out.
type Notification struct {
	Type             string
	MessageID        string
	Sequence         string // of a FIFO topic
	Token            string
	TopicARN         string
	Subject          string
	Message          string
	SubscribeURL     string
	Timestamp        time.Time
	SignatureVersion string
	Signature        string // base64
	SigningCertURL   string
	UnsubscribeURL   string
	Attributes       []Attribute
	Replayed         bool // from an archive
}

// timeFormat is how AWS writes a Timestamp.
const timeFormat = "2006-01-02T15:04:05.000Z"

// Time is the Timestamp as it is in the document, and as it is signed.
func (n *Notification) Time() string { return n.Timestamp.UTC().Format(timeFormat) }

// Append appends the document. Its members come in AWS's order.
// https://docs.aws.amazon.com/sns/latest/dg/http-notification-json.html
func (n *Notification) Append(dst []byte) []byte {
	dst, _ = n.AppendOpen(dst)
	return dst
}

// AppendOpen is Append, and tells the offset in dst at which the value of
// UnsubscribeURL ends: of what several subscribers get, it is all that differs,
// so that what is theirs can be put in there. 0 if there is no such URL.
func (n *Notification) AppendOpen(dst []byte) (doc []byte, at int) {
	w := writer{b: append(dst, "{\n  \"Type\" : "...)}
	w.text(n.Type)
	w.member("MessageId", n.MessageID)
	w.member("SequenceNumber", n.Sequence)
	w.member("Token", n.Token)
	w.member("TopicArn", n.TopicARN)
	w.member("Subject", n.Subject)
	w.key("Message")
	w.text(n.Message)
	w.member("SubscribeURL", n.SubscribeURL)
	w.key("Timestamp")
	w.b = append(w.b, '"')
	w.b = n.Timestamp.UTC().AppendFormat(w.b, timeFormat)
	w.b = append(w.b, '"')
	w.member("SignatureVersion", n.SignatureVersion)
	w.member("Signature", n.Signature)
	w.member("SigningCertURL", n.SigningCertURL)
	if n.UnsubscribeURL != "" {
		w.member("UnsubscribeURL", n.UnsubscribeURL)
		at = len(w.b) - 1
	}
	w.attributes(n.Attributes)
	if n.Replayed {
		w.key("Replayed")
		w.b = append(w.b, "true"...)
	}
	return append(w.b, "\n}"...), at
}

// writer writes the members of a document.
type writer struct{ b []byte }

func (w *writer) key(name string) {
	w.b = append(append(append(w.b, ",\n  \""...), name...), "\" : "...)
}

func (w *writer) member(name, value string) {
	if value != "" {
		w.key(name)
		w.text(value)
	}
}

func (w *writer) attributes(list []Attribute) {
	if len(list) == 0 {
		return
	}
	w.key("MessageAttributes")
	w.b = append(w.b, '{')
	for i, a := range list {
		if i > 0 {
			w.b = append(w.b, ',')
		}
		w.b = append(w.b, "\n    "...)
		w.text(a.Name)
		w.b = append(w.b, ` : {"Type":`...)
		w.text(a.Type)
		w.b = append(w.b, `,"Value":`...)
		if a.Binary() {
			w.b = append(w.b, '"')
			w.b = base64.StdEncoding.AppendEncode(w.b, a.Value)
			w.b = append(w.b, '"')
		} else {
			w.text(string(a.Value))
		}
		w.b = append(w.b, '}')
	}
	w.b = append(w.b, "\n  }"...)
}

// text appends s as a JSON string: with escapes where JSON needs them, and
// U+FFFD for what is no UTF-8.
func (w *writer) text(s string) {
	const hex = "0123456789abcdef"
	w.b = append(w.b, '"')
	from := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= utf8.RuneSelf {
			r, size := utf8.DecodeRuneInString(s[i:])
			if r == utf8.RuneError && size == 1 {
				w.b = append(append(w.b, s[from:i]...), "\uFFFD"...)
				from = i + 1
			}
			i += size
			continue
		}
		if c >= ' ' && c != '"' && c != '\\' {
			i++
			continue
		}
		w.b = append(w.b, s[from:i]...)
		switch c {
		case '"', '\\':
			w.b = append(w.b, '\\', c)
		case '\n':
			w.b = append(w.b, '\\', 'n')
		case '\r':
			w.b = append(w.b, '\\', 'r')
		case '\t':
			w.b = append(w.b, '\\', 't')
		default:
			w.b = append(w.b, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		}
		i++
		from = i
	}
	w.b = append(append(w.b, s[from:]...), '"')
}

// ErrDocument: bytes that are no document.
var ErrDocument = errors.New("not a notification")

// document is a Notification as encoding/json reads it.
type document struct {
	Type, MessageId, SequenceNumber, Token, TopicArn, Subject, Message, SubscribeURL string
	Timestamp                                                                        string
	SignatureVersion, Signature, SigningCertURL, UnsubscribeURL                      string
	MessageAttributes                                                                map[string]struct{ Type, Value string }
	Replayed                                                                         bool
}

// Parse is the inverse of Append.
func Parse(text []byte) (Notification, error) {
	var d document
	if err := json.Unmarshal(text, &d); err != nil {
		return Notification{}, fmt.Errorf("%w: %w", ErrDocument, err)
	}
	at, err := time.Parse(timeFormat, d.Timestamp)
	if err != nil {
		return Notification{}, fmt.Errorf("%w: %w", ErrDocument, err)
	}
	n := Notification{
		Type: d.Type, MessageID: d.MessageId, Sequence: d.SequenceNumber, Token: d.Token, TopicARN: d.TopicArn,
		Subject: d.Subject, Message: d.Message, SubscribeURL: d.SubscribeURL, Timestamp: at,
		SignatureVersion: d.SignatureVersion, Signature: d.Signature, SigningCertURL: d.SigningCertURL, UnsubscribeURL: d.UnsubscribeURL,
		Replayed: d.Replayed,
	}
	for name, v := range d.MessageAttributes {
		a := Attribute{Name: name, Type: v.Type, Value: []byte(v.Value)}
		if a.Binary() {
			if a.Value, err = base64.StdEncoding.DecodeString(v.Value); err != nil {
				return Notification{}, fmt.Errorf("%w: attribute %.100q: %w", ErrDocument, name, err)
			}
		}
		n.Attributes = append(n.Attributes, a)
	}
	sortAttributes(n.Attributes)
	return n, nil
}
