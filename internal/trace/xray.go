package trace

import "strings"

// maxHeader bounds a header that is read: X-Ray's, which AWS bounds at 500
// characters, and the fields that we put behind it.
const maxHeader = 500 + 3*maxState + 64

const (
	stateField = ";State="
	fromField  = ";From="
)

// ParseXRay reads an X-Ray trace header, also one with our fields. X-Ray has
// more fields than the three that are read here.
func ParseXRay(header string) (c Context, ok bool) {
	if len(header) > maxHeader {
		return Context{}, false
	}
	for rest := header; rest != ""; {
		var field string
		field, rest, _ = strings.Cut(rest, ";")
		name, value, _ := strings.Cut(strings.TrimSpace(field), "=")
		good := true
		switch name {
		case "Root":
			good = parseRoot(&c.Trace, value)
		case "Parent":
			good = unhex(c.Span[:], value)
		case "Sampled":
			c.Sampling = sampling(value)
		case "State":
			c.State, good = unescape(value)
		case "From":
			good = unhex(c.From[:], value)
		}
		if !good {
			return Context{}, false
		}
	}
	return c, c.Valid()
}

// parseRoot reads 1-{8 digits}-{24 digits}. The first are the time where X-Ray
// made the id, and the first digits of any other id: X-Ray takes those of W3C.
// https://docs.aws.amazon.com/xray/latest/devguide/xray-api-sendingdata.html#xray-api-traceids
func parseRoot(id *TraceID, s string) bool {
	if len(s) != 35 || s[:2] != "1-" || s[10] != '-' {
		return false
	}
	return unhex(id[:4], s[2:10]) && unhex(id[4:], s[11:])
}

func sampling(s string) Sampling {
	switch s {
	case "1":
		return Sampled
	case "0":
		return NotSampled
	}
	return Undecided // "?" asks the next one to decide
}

// XRay is c as an X-Ray trace header; empty where c is in no trace.
func (c Context) XRay() string {
	if !c.Valid() {
		return ""
	}
	id := c.Trace.String()
	b := make([]byte, 0, 128)
	b = append(append(append(append(b, "Root=1-"...), id[:8]...), '-'), id[8:]...)
	if c.Span != (SpanID{}) {
		b = append(append(b, ";Parent="...), c.Span.String()...)
	}
	switch c.Sampling {
	case Sampled:
		b = append(b, ";Sampled=1"...)
	case NotSampled:
		b = append(b, ";Sampled=0"...)
	}
	return string(b)
}

// Header is c as deliveries take it along: XRay, with State and From.
func (c Context) Header() string {
	h := c.XRay()
	if h == "" {
		return ""
	}
	if c.State != "" {
		h += stateField + escape(c.State)
	}
	if c.From != (SpanID{}) {
		h += fromField + c.From.String()
	}
	return h
}

// Public is a Header as others may see it: without our own fields.
func Public(header string) string {
	if i := strings.Index(header, stateField); i >= 0 {
		return header[:i]
	}
	if i := strings.Index(header, fromField); i >= 0 {
		return header[:i]
	}
	return header
}

// Theirs is a trace header that somebody sends, without fields named like ours;
// empty if it is malformed: "X-Ray validates trace headers, and trace headers that
// aren't valid are dropped".
// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-related-service-xray.html
func Theirs(header string) string {
	header = Public(header)
	c, ok := ParseXRay(header)
	switch {
	case !ok:
		return ""
	case c.State != "" || c.From != SpanID{}: // spelled so that Public did not see them
		return c.XRay()
	}
	return header
}

// escape writes the bytes that would end a field, or are not of one, as %XX.
func escape(s string) string {
	const digits = "0123456789ABCDEF"
	b := make([]byte, 0, len(s)+16)
	for i := range len(s) {
		switch c := s[i]; c {
		case ';', '%', ' ', '\t':
			b = append(b, '%', digits[c>>4], digits[c&15])
		default:
			b = append(b, c)
		}
	}
	return string(b)
}

// unescape is the inverse of escape.
func unescape(s string) (string, bool) {
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] != '%' {
			b = append(b, s[i])
			continue
		}
		var c [1]byte
		if i+3 > len(s) || !unhex(c[:], strings.ToLower(s[i+1:i+3])) {
			return "", false
		}
		b = append(b, c[0])
		i += 2
	}
	return string(b), validState(string(b))
}
