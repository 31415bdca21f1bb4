package trace

import (
	"encoding/binary"
	"math"
	"strings"
	"time"
)

// Kind is OpenTelemetry's kind of a span.
type Kind byte

// The kinds that Carillon has.
const (
	Internal Kind = iota
	Producer
	Consumer
	Client
)

// Attribute is an attribute of a span: a text, or a number where Text is empty.
type Attribute struct {
	Key    string
	Text   string
	Number int64
}

// Span is a piece of work that is to be recorded.
type Span struct {
	Context // of the span; From is its parent

	Kind       Kind
	Name       string // empty: it is not worth recording after all
	Start, End time.Time
	Attributes []Attribute
	Links      []Context // other traces that it belongs to
	Error      string    // error.type; empty: it succeeded
	Message    string    // what went wrong, for people
}

// Set adds an attribute that is a text, unless the text is empty.
func (s *Span) Set(key, text string) {
	if text != "" {
		s.Attributes = append(s.Attributes, Attribute{Key: key, Text: text})
	}
}

// SetNumber adds an attribute that is a number.
func (s *Span) SetNumber(key string, n int64) {
	s.Attributes = append(s.Attributes, Attribute{Key: key, Number: n})
}

// Tracer says which spans are recorded, and takes them. A nil Tracer records
// none.
type Tracer struct {
	Ratio  float64     // of the traces that begin here, or whose beginning left it open; 0 to 1
	Record func(*Span) // must not block
	NewIDs func() (TraceID, SpanID)
}

// Wants tells whether the spans of c are recorded: as its parent says, or by the
// ratio. It is the same for all spans of a trace.
func (t *Tracer) Wants(c Context) bool {
	if t == nil || !c.Valid() {
		return false
	}
	switch c.Sampling {
	case Sampled:
		return true
	case NotSampled:
		return false
	}
	// As OpenTelemetry's TraceIdRatioBased sampler, so that others decide alike.
	return float64(binary.BigEndian.Uint64(c.Trace[8:])>>1) < t.Ratio*math.MaxInt64
}

// Begin is a span under parent that began at start, in a trace of its own where
// parent is in none; nil if it is not recorded.
func (t *Tracer) Begin(parent Context, start time.Time) *Span {
	if t == nil || parent.Sampling == NotSampled {
		return nil
	}
	trace, span := t.NewIDs()
	if !parent.Valid() {
		parent = Context{Trace: trace}
	}
	if !t.Wants(parent) {
		return nil
	}
	c := parent.Child(span)
	c.Sampling = Sampled
	return &Span{Context: c, Start: start}
}

// Hand is the header that the delivery of that key takes along, given its
// event's: that of a span of its own, if it is recorded.
func (t *Tracer) Hand(header string, key [16]byte) string {
	if t == nil || header == "" {
		return header
	}
	c, ok := ParseXRay(header)
	if !ok || !t.Wants(c) {
		return header
	}
	c = c.Child(SpanOf(key, 0))
	c.Sampling = Sampled
	h := c.Header()
	if c.From == (SpanID{}) { // of a trace that had no span yet
		h += fromField + c.From.String()
	}
	return h
}

// Followed tells whether a header comes from Hand with a span of its own.
func Followed(header string) bool { return strings.Contains(header, fromField) }
