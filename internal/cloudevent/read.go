package cloudevent

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/carillon-events/carillon/internal/event"
)

// Limits of a request.
const (
	MaxBatch   = 100 // events
	maxName    = 64  // characters of an attribute's name; the specification wants no more than 20
	maxMembers = 128 // attributes of an event
)

// Error is why something is no CloudEvent: what of it, and the reason.
type Error struct{ Attribute, Reason string }

func (e *Error) Error() string {
	if e.Attribute == "" {
		return e.Reason
	}
	return "attribute " + e.Attribute + ": " + e.Reason
}

func refuse(attribute, format string, args ...any) error {
	return &Error{attribute, fmt.Sprintf(format, args...)}
}

// Read reads the events of a request in whichever mode it has. Its error is an
// *Error.
//
// https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/http-protocol-binding.md
func Read(header http.Header, body []byte) ([]Event, error) {
	switch kind := mediaType(header.Get("Content-Type")); {
	case kind == "application/cloudevents+json":
		e, err := ParseJSON(body)
		return []Event{e}, err
	case kind == "application/cloudevents-batch+json":
		return parseBatch(body)
	case strings.HasPrefix(kind, "application/cloudevents"):
		return nil, refuse("", "Content-Type %.100s is not understood: Carillon reads the JSON format of CloudEvents", kind)
	case header.Get("Ce-Specversion") == "":
		return nil, refuse("specversion", "it is missing: a CloudEvent has the header ce-specversion, or the Content-Type application/cloudevents+json")
	}
	e, err := parseBinary(header, body)
	return []Event{e}, err
}

func parseBatch(body []byte) ([]Event, error) {
	var all []json.RawMessage
	if err := json.Unmarshal(body, &all); err != nil {
		return nil, refuse("", "the body is no JSON array of events")
	}
	if len(all) > MaxBatch {
		return nil, refuse("", "the batch has %d events: at most %d", len(all), MaxBatch)
	}
	events := make([]Event, len(all))
	for i, one := range all {
		var err error
		if events[i], err = ParseJSON(one); err != nil {
			bad := new(Error)
			errors.As(err, &bad)
			return nil, &Error{bad.Attribute, fmt.Sprintf("%s (event %d of the batch)", bad.Reason, i+1)}
		}
	}
	return events, nil
}

// ParseJSON reads an event in the JSON format.
//
// https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md
func ParseJSON(body []byte) (e Event, err error) {
	if err := event.CheckObject(string(body)); err != nil {
		return e, refuse("", "the event is no JSON object: %v", err)
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal(body, &members); err != nil {
		return e, refuse("", "the event is no JSON object")
	}
	data, encoded := members["data"], members["data_base64"]
	delete(members, "data")
	delete(members, "data_base64")
	values := map[string]any{}
	for name, raw := range members {
		if string(raw) == "null" {
			continue // as if it were not there
		}
		if values[name], err = attributeValue(name, raw); err != nil {
			return e, err
		}
	}
	if err := e.set(values); err != nil {
		return e, err
	}
	if data != nil && encoded != nil {
		return e, refuse("data", "an event has data or data_base64, not both")
	}
	return e, e.setData(data, encoded)
}

// attributeValue is a string, a bool or an int32.
func attributeValue(name string, raw json.RawMessage) (any, error) {
	switch c := raw[0]; {
	case c == '"':
		var s string
		err := json.Unmarshal(raw, &s)
		return s, err
	case c == 't' || c == 'f':
		return c == 't', nil
	case c == '-' || c >= '0' && c <= '9':
		if n, err := strconv.ParseInt(string(raw), 10, 32); err == nil {
			return int32(n), nil
		}
		return nil, refuse(show(name), "%.40s is no integer of 32 bits", raw)
	}
	return nil, refuse(show(name), "it is neither a string, a boolean nor an integer")
}

// setData sets the data from the members of the JSON format.
func (e *Event) setData(data, encoded json.RawMessage) error {
	switch {
	case encoded != nil:
		var text string
		if err := json.Unmarshal(encoded, &text); err != nil {
			return refuse("data_base64", "it is no string")
		}
		b, err := base64.StdEncoding.DecodeString(text)
		if err != nil {
			return refuse("data_base64", "it is not base64")
		}
		e.Kind, e.Data = Binary, string(b)
	case data == nil:
		e.Kind = None
	case data[0] == '"' && !isJSON(e.DataContentType):
		e.Kind = Text
		return json.Unmarshal(data, &e.Data)
	default:
		e.Kind, e.Data = JSON, string(data)
	}
	return nil
}

// set sets the attributes, and checks them.
func (e *Event) set(values map[string]any) error {
	if len(values) > maxMembers {
		return refuse("", "the event has %d attributes: at most %d", len(values), maxMembers)
	}
	version := ""
	standard := append([]attribute{{"specversion", &version}, {"id", &e.ID}, {"source", &e.Source}, {"type", &e.Type}}, e.optional()...)
	for i, a := range standard {
		value, given := values[a.name]
		text, isText := value.(string)
		switch required := i < 4; {
		case !given && required:
			return refuse(a.name, "it is missing")
		case !given:
			continue
		case !isText:
			return refuse(a.name, "it is no string")
		case text == "":
			return refuse(a.name, "it is empty")
		}
		*a.value = text
		delete(values, a.name)
	}
	if version != "1.0" {
		return refuse("specversion", "it is %.20q; Carillon reads version 1.0", version)
	}
	if _, err := time.Parse(time.RFC3339, e.Time); e.Time != "" && err != nil {
		return refuse("time", "%.60q is no time of RFC 3339, such as 2026-01-02T03:04:05Z", e.Time)
	}
	for name := range values {
		if name == "data" || len(name) > maxName || strings.ContainsFunc(name, notNameLetter) || name == "" {
			return refuse(show(name), "names of attributes have lower-case letters and digits, at most %d", maxName)
		}
	}
	if len(values) > 0 {
		e.Extensions = values
	}
	return nil
}

func notNameLetter(r rune) bool { return !(r >= 'a' && r <= 'z' || r >= '0' && r <= '9') }

// show is a name for an error: somebody else has chosen it.
func show(name string) string { return fmt.Sprintf("%.64q", name) }

// parseBinary reads an event whose attributes are headers and whose data is the
// body.
func parseBinary(header http.Header, body []byte) (e Event, err error) {
	values := map[string]any{}
	for name, given := range header {
		name, ok := strings.CutPrefix(strings.ToLower(name), "ce-")
		if !ok {
			continue
		}
		if name == "datacontenttype" {
			return e, refuse(name, "in binary mode it is the header Content-Type")
		}
		if len(given) > 1 {
			return e, refuse(show(name), "it is given %d times", len(given))
		}
		if values[name], err = headerValue(name, given[0]); err != nil {
			return e, err
		}
	}
	if kind := header.Get("Content-Type"); kind != "" {
		if !utf8.ValidString(kind) {
			return e, refuse("datacontenttype", "the header Content-Type is no UTF-8")
		}
		values["datacontenttype"] = kind
	}
	if err := e.set(values); err != nil {
		return e, err
	}
	return e, e.setBody(body)
}

// headerValue takes the quotes and percent encoding from an attribute.
func headerValue(name, value string) (string, error) {
	if n := len(value); n >= 2 && value[0] == '"' && value[n-1] == '"' {
		var plain strings.Builder
		for i := 1; i < n-1; i++ {
			if value[i] == '\\' && i+1 < n-1 {
				i++
			}
			plain.WriteByte(value[i])
		}
		value = plain.String()
	}
	text, err := url.PathUnescape(value)
	if err != nil || !utf8.ValidString(text) {
		return "", refuse(show(name), "its percent encoding is no UTF-8")
	}
	return text, nil
}

// setBody sets the data from the body of binary mode.
func (e *Event) setBody(body []byte) error {
	e.Data = string(body)
	switch {
	case len(body) == 0:
		e.Kind = None
	case isJSON(e.DataContentType):
		e.Kind, e.Data = JSON, strings.Trim(e.Data, " \t\r\n")
		// The check wants an object, and a value alone must be a value: {"a":1,"b":2} is not 1,"b":2.
		if json.Valid(body) && event.CheckObject(`{"data":`+e.Data+`}`) == nil {
			return nil
		}
		if e.DataContentType != "" {
			return refuse("", "Content-Type says JSON, and the body is none")
		}
		e.Kind, e.Data = Binary, string(body)
	case isText(e.DataContentType) && utf8.Valid(body):
		e.Kind = Text
	default:
		e.Kind = Binary
	}
	return nil
}
