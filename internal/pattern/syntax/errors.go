package syntax

import (
	"strconv"
	"strings"
	"unicode"
)

// Error is why a pattern is refused, in the words that AWS shows: the reason,
// and, but for a few checks, where the reader stood.
type Error struct{ Reason string }

func (e *Error) Error() string { return e.Reason }

// fail is a refusal at the place where the reader stands.
func (r *reader) fail(reason string) error {
	return &Error{reason + "\n at " + r.location(place{r.line, r.at - r.start + 1})}
}

// location is a place as Jackson writes it, with the text it was found in.
func (r *reader) location(p place) string {
	return "[Source: (String)" + r.snippet() + "; line: " + strconv.Itoa(p.line) + ", column: " + strconv.Itoa(p.column) + "]"
}

// snippet is the text in quotes, cut after 500 characters.
func (r *reader) snippet() string {
	const most = 500
	units := r.units
	if len(units) > most {
		units = units[:most]
	}
	var b strings.Builder
	b.WriteByte('"')
	for _, c := range decode(units) {
		if unicode.IsControl(c) && c != '\n' && c != '\r' {
			const hex = "0123456789ABCDEF"
			b.WriteString("\\u00")
			b.WriteByte(hex[c>>4&15])
			b.WriteByte(hex[c&15])
			continue
		}
		b.WriteRune(c)
	}
	b.WriteByte('"')
	if more := len(r.units) - most; more > 0 {
		b.WriteString("[truncated " + strconv.Itoa(more) + " chars]")
	}
	return b.String()
}

func (r *reader) unexpected(c int, comment string) error {
	return r.fail("Unexpected character (" + describe(c) + "): " + comment)
}

func (r *reader) badNumber(c int, comment string) error {
	return r.fail("Unexpected character (" + describe(c) + ") in numeric value: " + comment)
}

// unrecognized takes the rest of a word that is no token.
func (r *reader) unrecognized(read string) error {
	const most = 256
	from := r.at
	for isIdentifierPart(r.peek()) {
		r.at++
		if len(read)+r.at-from >= most {
			break
		}
	}
	word := read + decode(r.units[from:r.at])
	if len(read)+r.at-from >= most {
		word += "..."
	}
	return r.fail("Unrecognized token '" + word + "': was expecting (JSON String, Number, Array, Object or token 'null', 'true' or 'false')")
}

// endOfInput is the error of a text that ends inside a scope; nil outside.
func (r *reader) endOfInput() error {
	n := len(r.open)
	if n == 0 {
		return nil
	}
	return r.fail("Unexpected end-of-input: expected close marker for " + r.within() + " (start marker at " + r.location(r.open[n-1].place) + ")")
}

func (r *reader) mismatch(c int) error {
	other := "}"
	if c == '}' {
		other = "]"
	}
	at := place{line: 1}
	if n := len(r.open); n > 0 {
		at = r.open[n-1].place
	}
	return r.fail("Unexpected close marker '" + string(rune(c)) + "': expected '" + other + "' (for " + r.within() + " starting at " + r.location(at) + ")")
}

// describe is a character as Jackson names it.
func describe(c int) string {
	code := "code " + strconv.Itoa(c)
	switch {
	case unicode.IsControl(rune(c)):
		return "(CTRL-CHAR, " + code + ")"
	case c > 255:
		return "'" + decode([]uint16{uint16(c)}) + "' (" + code + " / 0x" + strconv.FormatInt(int64(c), 16) + ")"
	}
	return "'" + string(rune(c)) + "' (" + code + ")"
}
