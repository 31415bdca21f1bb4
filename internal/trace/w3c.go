package trace

import "strings"

// maxState is the tracestate that everybody must be able to pass on.
// https://www.w3.org/TR/trace-context/#tracestate-limits
const maxState = 512

// maxParent is more than any version's traceparent that is worth reading.
const maxParent = 256

// ParseW3C reads a traceparent, {version}-{trace id}-{parent id}-{flags}, and
// the tracestate beside it. A later version may have more fields behind these.
func ParseW3C(parent, state string) (c Context, ok bool) {
	const size = 55 // of version 00
	if len(parent) < size || len(parent) > maxParent || parent[2] != '-' || parent[35] != '-' || parent[52] != '-' {
		return Context{}, false
	}
	var version, flags [1]byte
	if !unhex(version[:], parent[:2]) || !unhex(c.Trace[:], parent[3:35]) || !unhex(c.Span[:], parent[36:52]) || !unhex(flags[:], parent[53:55]) {
		return Context{}, false
	}
	longer := len(parent) > size
	switch {
	case version[0] == 0xff, longer && (version[0] == 0 || parent[size] != '-'), c.Trace == TraceID{}, c.Span == SpanID{}:
		return Context{}, false
	}
	c.Sampling = NotSampled
	if flags[0]&1 != 0 {
		c.Sampling = Sampled
	}
	if state = strings.Trim(state, " \t"); validState(state) {
		c.State = state
	}
	return c, true
}

// validState admits what a list of key=value may be made of. What the keys are
// is for those who know them.
func validState(s string) bool {
	if s == "" || len(s) > maxState || !strings.Contains(s, "=") {
		return false
	}
	for i := range len(s) {
		if c := s[i]; (c < ' ' || c > '~') && c != '\t' {
			return false
		}
	}
	return true
}

// Traceparent is c as a W3C header; empty where c is in no span.
func (c Context) Traceparent() string {
	if !c.Valid() || c.Span == (SpanID{}) {
		return ""
	}
	flags := "-00"
	if c.Sampling == Sampled {
		flags = "-01"
	}
	return "00-" + c.Trace.String() + "-" + c.Span.String() + flags
}
