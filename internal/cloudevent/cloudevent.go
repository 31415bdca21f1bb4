// Package cloudevent is CloudEvents 1.0: reading them from HTTP, what becomes of
// one in the envelope of an event bus, and the way back.
//
// It owns the mapping (docs/cloudevents.md has it for users, ADR 24 the
// reasons). What the envelope has a place for goes there: type, source, time to
// the second, subject, and data as the detail if it is a JSON object. What it
// has none for stands in a member of its own behind the detail, "cloudevent",
// so that patterns on the detail stay as they are for every other event, and
// patterns on attributes are possible. No producer of PutEvents can write that
// member.
//
// It refuses what the specification forbids, with the name of the attribute.
//
// Invariant: an event that was read and went through an envelope is the same
// event: the same attributes of the same types, JSON data and times to the byte.
//
//	https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md
package cloudevent

import (
	"encoding/base64"
	"fmt"
	"maps"
	"mime"
	"slices"
	"strings"
	"time"

	"github.com/carillon-events/carillon/internal/event"
)

// Kind is what the data of an event is.
type Kind string

// The kinds of data.
const (
	None   Kind = "none"
	JSON   Kind = "json" // Data is JSON text
	Text   Kind = "text"
	Binary Kind = "binary"
)

// Event is a CloudEvent. Optional attributes are empty where there are none.
type Event struct {
	ID, Source, Type                     string
	Time                                 string // RFC 3339, as it was sent
	Subject, DataSchema, DataContentType string

	// Extensions are the other attributes: a string, a bool or an int32.
	Extensions map[string]any

	Kind Kind
	Data string
}

// At is the time of the event; the zero time if it has none.
func (e *Event) At() time.Time {
	at, _ := time.Parse(time.RFC3339, e.Time) // checked when it was read
	return at
}

// isObject tells whether the data can be a detail as it is.
func (e *Event) isObject() bool { return e.Kind == JSON && strings.HasPrefix(e.Data, "{") }

// Detail is the data as the detail of an event: a JSON object. Other data is in
// an object, under the name that it has in the JSON format of CloudEvents.
func (e *Event) Detail() string {
	switch {
	case e.isObject():
		return e.Data
	case e.Kind == JSON:
		return `{"data":` + e.Data + `}`
	case e.Kind == Text:
		return string(append(event.AppendString([]byte(`{"data":`), e.Data), '}'))
	case e.Kind == Binary:
		return `{"data_base64":"` + base64.StdEncoding.EncodeToString([]byte(e.Data)) + `"}`
	}
	return "{}"
}

// Resources are what the event is about, in the envelope's words.
func (e *Event) Resources() []string {
	if e.Subject == "" {
		return nil
	}
	return []string{e.Subject}
}

// Member is the envelope's member "cloudevent": all attributes but source and
// type, and, under "data", what the data is if it is not the detail.
func (e *Event) Member() string {
	out := e.appendAttributes([]byte(`{"specversion":"1.0"`))
	if !e.isObject() {
		out = appendMember(out, "data", string(e.Kind))
	}
	return string(append(out, '}'))
}

// appendAttributes appends the attributes that are not in every event, and id.
func (e *Event) appendAttributes(dst []byte) []byte {
	dst = appendMember(dst, "id", e.ID)
	for _, a := range e.optional() {
		if *a.value != "" {
			dst = appendMember(dst, a.name, *a.value)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(e.Extensions)) {
		switch v := e.Extensions[name].(type) {
		case string:
			dst = appendMember(dst, name, v)
		default: // true, false, and numbers, as Go writes them
			dst = fmt.Appendf(append(event.AppendString(append(dst, ','), name), ':'), "%v", v)
		}
	}
	return dst
}

// attribute is a standard attribute and where it is kept.
type attribute struct {
	name  string
	value *string
}

// optional are the standard attributes that an event may lack.
func (e *Event) optional() []attribute {
	return []attribute{
		{"time", &e.Time}, {"subject", &e.Subject}, {"dataschema", &e.DataSchema}, {"datacontenttype", &e.DataContentType},
	}
}

func appendMember(dst []byte, name, value string) []byte {
	return event.AppendString(append(event.AppendString(append(dst, ','), name), ':'), value)
}

// AppendJSON appends the event in the JSON format, as structured mode sends it.
func (e *Event) AppendJSON(dst []byte) []byte {
	dst = append(dst, `{"specversion":"1.0"`...)
	dst = appendMember(dst, "source", e.Source)
	dst = appendMember(dst, "type", e.Type)
	dst = e.appendAttributes(dst)
	switch e.Kind {
	case JSON:
		dst = append(append(dst, `,"data":`...), e.Data...)
	case Text:
		dst = appendMember(dst, "data", e.Data)
	case Binary:
		dst = append(dst, `,"data_base64":"`...)
		dst = append(base64.StdEncoding.AppendEncode(dst, []byte(e.Data)), '"')
	}
	return append(dst, '}')
}

// isJSON tells whether data of that type is JSON. With no type it is, in the
// JSON format.
func isJSON(contentType string) bool {
	if contentType == "" {
		return true
	}
	kind := mediaType(contentType)
	return kind == "application/json" || kind == "text/json" || strings.HasSuffix(kind, "+json")
}

// isText tells whether data of that type can be shown.
func isText(contentType string) bool {
	kind := mediaType(contentType)
	return strings.HasPrefix(kind, "text/") || kind == "application/xml" || strings.HasSuffix(kind, "+xml")
}

func mediaType(contentType string) string {
	kind, _, err := mime.ParseMediaType(contentType)
	if err != nil {
		kind, _, _ = strings.Cut(strings.ToLower(contentType), ";")
	}
	return strings.TrimSpace(kind)
}
