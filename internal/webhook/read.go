package webhook

import (
	"encoding/json"
	"errors"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/carillon-events/carillon/internal/event"
	"github.com/carillon-events/carillon/internal/transform"
)

// DefaultType is the type of an event that says none.
const DefaultType = "Webhook"

// What a type and an id are cut to: the first is AWS's limit of detail-type.
const (
	maxType = 128 // characters
	maxID   = 256 // bytes
)

// read makes the event of a request.
func (h *Hook) read(header http.Header, body []byte) (Delivery, error) {
	var d Delivery
	var err error
	if d.Detail, err = detail(header.Get("Content-Type"), body); err != nil {
		return d, err
	}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal([]byte(d.Detail), &fields); err != nil {
		return d, err
	}
	h.scheme(&d, header, fields)
	if id := header.Get(h.config.IDHeader); h.config.IDHeader != "" {
		d.ID = id
	}
	if t := h.configuredType(header, d.Detail); t != "" {
		d.Type = t
	}
	if d.Type == "" {
		d.Type = DefaultType
	}
	d.Type, d.ID = clipRunes(strings.ToValidUTF8(d.Type, "\uFFFD"), maxType), strings.ToValidUTF8(d.ID[:min(len(d.ID), maxID)], "")
	return d, nil
}

// scheme reads what the scheme itself says of an event.
func (h *Hook) scheme(d *Delivery, header http.Header, fields map[string]json.RawMessage) {
	switch h.config.Scheme {
	case GitHub:
		d.Type, d.ID = header.Get("X-GitHub-Event"), header.Get("X-GitHub-Delivery")
	case Stripe:
		d.Type, d.ID = text(fields["type"]), text(fields["id"])
	case Slack:
		h.slack(d, fields)
	case Standard:
		d.Type, d.ID = text(fields["type"]), header.Get("Webhook-Id")
		d.Once = d.ID
	}
}

// slack reads the four things that Slack sends: the challenge by which it learns
// that the address is ours, events in an envelope of type event_callback,
// interactions, and slash commands, which are forms and have no type.
// https://docs.slack.dev/apis/events-api
// https://docs.slack.dev/interactivity/implementing-slash-commands
func (h *Hook) slack(d *Delivery, fields map[string]json.RawMessage) {
	d.Type, d.ID = text(fields["type"]), text(fields["event_id"])
	switch {
	case d.Type == "url_verification":
		d.Challenge = text(fields["challenge"])
	case d.Type == "event_callback":
		var inner map[string]json.RawMessage
		if json.Unmarshal(fields["event"], &inner) == nil {
			if t := text(inner["type"]); t != "" {
				d.Type = t
			}
		}
	case d.Type == "" && text(fields["command"]) != "":
		d.Type = "slash_command"
	}
}

// configuredType is the type where the config says it stands.
func (h *Hook) configuredType(header http.Header, detail string) string {
	if h.config.TypeHeader != "" {
		if t := header.Get(h.config.TypeHeader); t != "" {
			return t
		}
	}
	if h.typePath == nil {
		return ""
	}
	value, err := h.typePath.Apply(nil, []byte(detail), transform.Context{})
	if err != nil {
		return ""
	}
	return text(value)
}

// text is a JSON string's text; empty for anything else.
func text(value json.RawMessage) (s string) {
	if json.Unmarshal(value, &s) != nil {
		return ""
	}
	return s
}

func clipRunes(s string, most int) string {
	if utf8.RuneCountInString(s) <= most {
		return s
	}
	return string([]rune(s)[:most])
}

// detail makes a JSON object of a body:
//
//   - an object is taken as it is, byte for byte;
//   - other JSON is {"body": …};
//   - a form with the field payload, as GitHub and Slack send JSON in forms, is
//     what the JSON in that field would be;
//   - another form is an object of its fields, those given more than once arrays.
//
// The sender's word for JSON is not asked for: some send it as text.
func detail(contentType string, body []byte) (string, error) {
	if kind, _, _ := mime.ParseMediaType(contentType); kind == "application/x-www-form-urlencoded" {
		form, err := url.ParseQuery(string(body))
		if err != nil {
			return "", errors.New("it is no form, though its Content-Type says so")
		}
		payload := form["payload"]
		if len(payload) != 1 {
			return formObject(form)
		}
		body = []byte(payload[0])
	}
	object := strings.Trim(string(body), " \t\r\n")
	if object == "" {
		return "", errors.New("it is empty")
	}
	err := event.CheckObject(object)
	if !errors.Is(err, event.ErrNotObject) {
		return object, err
	}
	if !json.Valid([]byte(object)) {
		return "", errors.New("it is neither JSON nor a form")
	}
	object = `{"body":` + object + `}`
	return object, event.CheckObject(object)
}

// formObject is the fields of a form as an object.
func formObject(form url.Values) (string, error) {
	names := make([]string, 0, len(form))
	for name := range form {
		names = append(names, name)
	}
	slices.Sort(names)
	out := []byte{'{'}
	for i, name := range names {
		if i > 0 {
			out = append(out, ',')
		}
		out = append(event.AppendString(out, name), ':')
		values := form[name]
		if len(values) == 1 {
			out = event.AppendString(out, values[0])
			continue
		}
		for j, v := range values {
			out = event.AppendString(append(out, "[,"[min(j, 1)]), v)
		}
		out = append(out, ']')
	}
	object := string(append(out, '}'))
	return object, event.CheckObject(object)
}
