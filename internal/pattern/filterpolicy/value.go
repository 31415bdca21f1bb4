package filterpolicy

import (
	"bytes"
	"encoding/json"
	"strings"
)

// appendNumber appends the value of a Number, in the form that JSON allows: a
// Number may have a plus sign, zeros in front, and no digit on one side of the
// point.
func appendNumber(dst []byte, value string) ([]byte, bool) {
	rest, negative := strings.CutPrefix(value, "-")
	if !negative {
		rest = strings.TrimPrefix(rest, "+")
	}
	whole, rest := digits(rest)
	fraction := ""
	if after, ok := strings.CutPrefix(rest, "."); ok {
		fraction, rest = digits(after)
	}
	if whole == "" && fraction == "" || rest != "" && !isExponent(rest) {
		return dst, false
	}
	if negative {
		dst = append(dst, '-')
	}
	if whole = strings.TrimLeft(whole, "0"); whole == "" {
		whole = "0"
	}
	dst = append(dst, whole...)
	if fraction != "" {
		dst = append(append(dst, '.'), fraction...)
	}
	return append(dst, rest...), true
}

// digits cuts the decimal digits that s begins with.
func digits(s string) (head, rest string) {
	n := 0
	for n < len(s) && s[n] >= '0' && s[n] <= '9' {
		n++
	}
	return s[:n], s[n:]
}

func isExponent(s string) bool {
	if s[0] != 'e' && s[0] != 'E' {
		return false
	}
	s = s[1:]
	if s != "" && (s[0] == '+' || s[0] == '-') {
		s = s[1:]
	}
	d, rest := digits(s)
	return d != "" && rest == ""
}

// appendArray appends the strings, numbers and literals of a String.Array, a
// JSON array. Arrays in it are taken apart, as matchers do. Objects are left
// out: attributes have no inside, and the key b of an object in the attribute
// a would be taken for the attribute a.b.
func appendArray(dst []byte, value string) ([]byte, bool) {
	in := strings.Trim(value, jsonSpace)
	if !strings.HasPrefix(in, "[") || !json.Valid([]byte(in)) {
		return dst, false
	}
	dst = append(dst, '[')
	begin := len(dst)
	for objects := 0; in != ""; {
		n := 1
		switch in[0] {
		case '{':
			objects++
		case '}':
			objects--
		case '[', ']', ',', ':', ' ', '\t', '\r', '\n':
		default:
			n = scalar(in)
			if objects > 0 {
				break
			}
			if len(dst) > begin {
				dst = append(dst, ',')
			}
			dst = append(dst, in[:n]...)
		}
		in = in[n:]
	}
	return append(dst, ']'), true
}

// scalar is the length of the JSON string, number or literal that in, which is
// valid JSON, begins with.
func scalar(in string) int {
	if in[0] != '"' {
		return strings.IndexAny(in, ",]}"+jsonSpace)
	}
	for n := 1; ; n++ {
		switch in[n] {
		case '\\':
			n++
		case '"':
			return n + 1
		}
	}
}

// CheckBody tells whether policies of scope MessageBody can match the body; it
// is then itself the event. Its error is ErrBody: there is no such policy that
// the message matches.
func CheckBody(body []byte) error {
	if !bytes.HasPrefix(bytes.TrimLeft(body, jsonSpace), []byte("{")) || !json.Valid(body) {
		return ErrBody
	}
	return nil
}
