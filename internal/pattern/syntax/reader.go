package syntax

import (
	"strings"
	"unicode/utf16"
)

// token is what the reader stands on.
type token uint8

const (
	tokenEnd token = iota // of the text, outside everything
	tokenObject
	tokenObjectEnd
	tokenArray
	tokenArrayEnd
	tokenName
	tokenString
	tokenNumber
	tokenTrue
	tokenFalse
	tokenNull
)

// reader takes a text apart token by token and always stands where Jackson's
// parser stands after the same token, because error messages tell that place:
// with a name it has already read the colon and the head of the value, which
// is all of a number or literal, but only the opening quote of a string.
//
// It counts in UTF-16 units, as Java does.
type reader struct {
	source string
	ascii  bool // the source is, so that its bytes are its units
	units  []uint16
	at     int // the next unit
	line   int // 1-based
	start  int // index of the first unit of the line

	token   token
	ahead   token  // the value that the reader already stands on when token is tokenName
	name    string // of the last tokenName
	pending bool   // the body of a string is still unread
	begin   int    // first unit of a number or literal
	end     int

	open []scope
	head place // where the last token began
}

// scope is an object or array that is open.
type scope struct {
	array   bool
	entries bool // there was one already, so a comma is due
	place   place
}

type place struct{ line, column int }

func newReader(source string) *reader {
	r := &reader{source: source, ascii: true, line: 1, units: make([]uint16, 0, len(source))}
	for i := range len(source) {
		if source[i] >= 0x80 {
			r.ascii, r.units = false, utf16.Encode([]rune(source))
			break
		}
		r.units = append(r.units, uint16(source[i]))
	}
	return r
}

// next moves to the next token.
func (r *reader) next() (token, error) {
	if r.token == tokenName {
		return r.enter(r.ahead)
	}
	if r.pending {
		if _, err := r.readString(inValue); err != nil {
			return tokenEnd, err
		}
	}
	c, err := r.skipSpace()
	if err != nil {
		return tokenEnd, err
	}
	if c < 0 {
		r.token = tokenEnd
		return tokenEnd, r.endOfInput()
	}
	if c == ']' || c == '}' {
		return r.leave(c)
	}
	if c, err = r.skipComma(c); err != nil {
		return tokenEnd, err
	}
	if len(r.open) == 0 || r.open[len(r.open)-1].array {
		t, err := r.readValue(c)
		if err != nil {
			return tokenEnd, err
		}
		return r.enter(t)
	}
	return r.readName(c)
}

// readName reads a name, its colon, and the head of its value.
func (r *reader) readName(c int) (token, error) {
	if c != '"' {
		return tokenEnd, r.unexpected(c, "was expecting double-quote to start field name")
	}
	name, err := r.readString(inName)
	if err != nil {
		return tokenEnd, err
	}
	if c, err = r.skipColon(); err != nil {
		return tokenEnd, err
	}
	if r.ahead, err = r.readValue(c); err != nil {
		return tokenEnd, err
	}
	r.name, r.token = name, tokenName
	return tokenName, nil
}

// enter makes t the current token and opens its scope.
func (r *reader) enter(t token) (token, error) {
	r.token = t
	if t == tokenObject || t == tokenArray {
		if len(r.open) == MaxDepth {
			return tokenEnd, r.fail("Document nesting depth (1001) exceeds the maximum allowed (1000, from `StreamReadConstraints.getMaxNestingDepth()`)")
		}
		r.open = append(r.open, scope{array: t == tokenArray, place: r.head})
	}
	return t, nil
}

// leave closes the innermost scope, which must be of the kind that c closes.
func (r *reader) leave(c int) (token, error) {
	r.mark()
	n := len(r.open)
	if n == 0 || r.open[n-1].array != (c == ']') {
		return tokenEnd, r.mismatch(c)
	}
	r.open = r.open[:n-1]
	r.token = tokenObjectEnd
	if c == ']' {
		r.token = tokenArrayEnd
	}
	return r.token, nil
}

// readValue reads the head of the value that begins with c.
func (r *reader) readValue(c int) (token, error) {
	r.mark()
	switch c {
	case '"':
		r.pending = true
		return tokenString, nil
	case '[':
		return tokenArray, nil
	case '{':
		return tokenObject, nil
	case '}':
		return tokenEnd, r.unexpected(c, "expected a value")
	case 't':
		return tokenTrue, r.literal("true")
	case 'f':
		return tokenFalse, r.literal("false")
	case 'n':
		return tokenNull, r.literal("null")
	case '-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9':
		return tokenNumber, r.number(c)
	}
	return tokenEnd, r.oddValue(c)
}

// text is the current token's own text; for a string, its value.
func (r *reader) text() (string, error) {
	switch r.token {
	case tokenString:
		return r.readString(inValue)
	case tokenName:
		return r.name, nil
	case tokenObject:
		return "{", nil
	case tokenObjectEnd:
		return "}", nil
	case tokenArray:
		return "[", nil
	case tokenArrayEnd:
		return "]", nil
	}
	return r.part(r.begin, r.end), nil
}

// mark remembers that a token began with the unit just read.
func (r *reader) mark() { r.head = place{r.line, r.at - r.start} }

func (r *reader) peek() int {
	if r.at < len(r.units) {
		return int(r.units[r.at])
	}
	return -1
}

func (r *reader) take() int {
	c := r.peek()
	if c >= 0 {
		r.at++
	}
	return c
}

// skipSpace reads up to and with the next unit that is not space; -1 at the end.
func (r *reader) skipSpace() (int, error) {
	for {
		c := r.take()
		switch {
		case c > ' ' && c != '/', c < 0:
			return c, nil
		case c == '/':
			return c, r.unexpected(c, "maybe a (non-standard) comment? (not recognized as one since Feature 'ALLOW_COMMENTS' not enabled for parser)")
		case c == '\n':
			r.newline()
		case c == '\r':
			if r.peek() == '\n' {
				r.at++
			}
			r.newline()
		case c != ' ' && c != '\t':
			return c, r.fail("Illegal character (" + describe(c) + "): only regular white space (\\r, \\n, \\t) is allowed between tokens")
		}
	}
}

func (r *reader) newline() { r.line, r.start = r.line+1, r.at }

// skipComma takes the comma where one is due, given c, and returns what follows.
func (r *reader) skipComma(c int) (int, error) {
	if len(r.open) == 0 {
		return c, nil
	}
	top := &r.open[len(r.open)-1]
	if !top.entries {
		top.entries = true
		return c, nil
	}
	if c != ',' {
		return c, r.unexpected(c, "was expecting comma to separate "+r.within()+" entries")
	}
	c, err := r.skipSpace()
	if err == nil && c < 0 {
		err = r.fail("Unexpected end-of-input within/between " + r.within() + " entries")
	}
	return c, err
}

func (r *reader) skipColon() (int, error) {
	for colon := false; ; colon = true {
		c, err := r.skipSpace()
		switch {
		case err != nil:
			return c, err
		case c < 0:
			return c, r.fail("Unexpected end-of-input within/between " + r.within() + " entries")
		case colon:
			return c, nil
		case c != ':':
			return c, r.unexpected(c, "was expecting a colon to separate field name and value")
		}
	}
}

// within is what Jackson calls the innermost scope.
func (r *reader) within() string {
	switch n := len(r.open); {
	case n == 0:
		return "root"
	case r.open[n-1].array:
		return "Array"
	}
	return "Object"
}

// part is the text of units from begin to end.
func (r *reader) part(begin, end int) string {
	if r.ascii {
		return r.source[begin:end]
	}
	return decode(r.units[begin:end])
}

// decode is the text of units; half a surrogate pair becomes U+FFFD.
func decode(units []uint16) string {
	var b strings.Builder
	b.Grow(len(units))
	for _, c := range utf16.Decode(units) {
		b.WriteRune(c)
	}
	return b.String()
}
