// Package trace is how a trace is passed on: it reads and writes W3C Trace
// Context and X-Ray headers, turns one into the other, and names spans.
//
// What a delivery takes along is one text, a Header: an X-Ray trace header, in
// which AWS's services and Carillon's records are at home, with two fields of
// Carillon's behind it where they are needed:
//
//	Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1;State=…;From=…
//
// State is the W3C tracestate, percent-encoded, which has no place in X-Ray's
// header. From is the parent of Parent, where Parent is a span that Carillon
// records when it ends, maybe much later and after a restart. Public takes both
// off again; nobody outside sees them.
//
// Invariant: nothing here reads a clock or randomness. Ids are given, or made of
// a delivery's key, so that they are the same however often they are made.
//
// It refuses (and so drops, as X-Ray does) headers that are malformed, and a
// tracestate of more than 512 bytes.
//
//	https://www.w3.org/TR/trace-context/
//	https://docs.aws.amazon.com/xray/latest/devguide/xray-concepts.html#xray-concepts-tracingheader
package trace

import (
	"encoding/binary"
	"encoding/hex"
)

// TraceID names a trace. Zero is none.
type TraceID [16]byte

// SpanID names a span in a trace. Zero is none.
type SpanID [8]byte

// String is 32 hexadecimal digits.
func (t TraceID) String() string { return hex.EncodeToString(t[:]) }

// String is 16 hexadecimal digits.
func (s SpanID) String() string { return hex.EncodeToString(s[:]) }

// Sampling says whether somebody records a trace.
type Sampling byte

// The samplings. Undecided is a header that leaves it to the next.
const (
	Undecided Sampling = iota
	Sampled
	NotSampled
)

// Context is where in a trace somebody is. Its zero value is outside of any.
type Context struct {
	Trace    TraceID
	Span     SpanID // zero: the trace has no span yet, as in an X-Ray header with a root only
	Sampling Sampling
	State    string // tracestate; empty for none
	From     SpanID // the span's parent, where the span is ours and yet to be recorded
}

// Valid tells whether c is in a trace.
func (c Context) Valid() bool { return c.Trace != TraceID{} }

// SpanOf names the span of a delivery, and of each of its attempts; attempt 0 is
// the delivery itself. Keys are random, so folding them is enough.
func SpanOf(key [16]byte, attempt int) SpanID {
	h := binary.BigEndian.Uint64(key[:8]) ^ binary.BigEndian.Uint64(key[8:])
	if attempt > 0 {
		// A finalizer of MurmurHash's kind: neighbouring attempts get ids that are far apart.
		h += uint64(attempt) * 0x9e3779b97f4a7c15
		h = (h ^ h>>33) * 0xff51afd7ed558ccd
		h ^= h >> 33
	}
	if h == 0 {
		h = 1
	}
	return SpanID(binary.BigEndian.AppendUint64(nil, h))
}

// Child is c one span further on: in span id, whose parent is c's.
func (c Context) Child(id SpanID) Context {
	c.From, c.Span = c.Span, id
	return c
}

// FromRequest is the context of a request's headers traceparent, tracestate and
// X-Amzn-Trace-Id. traceparent goes first: the caller's own tracer makes it,
// while load balancers add X-Amzn-Trace-Id by themselves.
func FromRequest(traceparent, tracestate, xray string) Context {
	if c, ok := ParseW3C(traceparent, tracestate); ok {
		return c
	}
	c, _ := ParseXRay(xray)
	c.State, c.From = "", SpanID{} // which are ours, not a stranger's
	return c
}

// unhex reads lower-case hexadecimal digits that fill dst.
func unhex(dst []byte, s string) bool {
	if len(s) != 2*len(dst) {
		return false
	}
	for i := range len(s) {
		if c := s[i]; (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	_, err := hex.Decode(dst, []byte(s))
	return err == nil
}
