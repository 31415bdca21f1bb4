package loggroup

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/carillon-events/carillon/internal/delivery"
	"github.com/carillon-events/carillon/internal/event"
)

// Line is a line of a log group's file.
type Line struct {
	Timestamp int64  `json:"timestamp"` // milliseconds since 1970
	Message   string `json:"message"`
	EventID   string `json:"eventId,omitempty"`
	ID        string `json:"id"` // of the delivery; the same in every repeat
	Rule      string `json:"rule,omitempty"`
	Target    string `json:"target,omitempty"`
}

// lineOf is what is appended for a delivery: the event, at the time when it was
// accepted, or what an input transformer made of it, which for log groups is
// {"timestamp": …, "message": …}.
func lineOf(d *delivery.Delivery) ([]byte, error) {
	l := Line{
		Timestamp: d.AcceptedAt.UnixMilli(), Message: string(d.Body),
		EventID: d.EventID, ID: d.Key.String(), Rule: d.Source, Target: d.TargetID,
	}
	if event.IDOf(d.Body) == "" { // it is no event any more
		if err := l.transformed(d.Body); err != nil {
			return nil, err
		}
	}
	return l.encode()
}

// encode is the line with its end.
func (l *Line) encode() ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(l); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// transformed reads what a transformer made. A message that is no string is kept
// as its JSON; a timestamp is an instant as events have it, or milliseconds.
func (l *Line) transformed(body []byte) error {
	var made struct {
		Timestamp json.RawMessage `json:"timestamp"`
		Message   json.RawMessage `json:"message"`
	}
	if err := json.Unmarshal(body, &made); err != nil {
		return fmt.Errorf("what the input transformer made is not an object: %w", err)
	}
	if made.Message == nil {
		return errors.New("what the input transformer made has no message")
	}
	if json.Unmarshal(made.Message, &l.Message) != nil {
		l.Message = string(made.Message)
	}
	var text string
	var at time.Time
	switch {
	case json.Unmarshal(made.Timestamp, &l.Timestamp) == nil:
	case json.Unmarshal(made.Timestamp, &text) == nil && at.UnmarshalText([]byte(text)) == nil:
		l.Timestamp = at.UnixMilli()
	default:
		return errors.New("what the input transformer made has no timestamp: want an instant in RFC 3339, or milliseconds since 1970")
	}
	return nil
}
