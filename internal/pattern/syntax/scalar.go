package syntax

import "unicode"

// where a string stands, in Jackson's words.
type stringPlace struct{ quoting, unclosed string }

var (
	inName  = stringPlace{"name", " in field name"}
	inValue = stringPlace{"string value", ": was expecting closing quote for a string value"}
)

// readString reads the rest of a string whose opening quote was read.
func (r *reader) readString(where stringPlace) (string, error) {
	r.pending = false
	begin := r.at
	for r.ascii && r.at < len(r.units) && r.units[r.at] >= ' ' && r.units[r.at] != '\\' {
		if r.units[r.at] == '"' {
			r.at++
			return r.source[begin : r.at-1], nil
		}
		r.at++
	}
	out := append([]uint16(nil), r.units[begin:r.at]...)
	for {
		c := r.take()
		switch {
		case c < 0:
			return "", r.fail("Unexpected end-of-input" + where.unclosed)
		case c == '"':
			return decode(out), nil
		case c < ' ':
			return "", r.fail("Illegal unquoted character (" + describe(c) + "): has to be escaped using backslash to be included in " + where.quoting)
		case c == '\\':
			e, err := r.escape()
			if err != nil {
				return "", err
			}
			out = append(out, e)
		default:
			out = append(out, uint16(c))
		}
	}
}

func (r *reader) escape() (uint16, error) {
	switch c := r.take(); c {
	case '"', '\\', '/':
		return uint16(c), nil
	case 'b':
		return '\b', nil
	case 'f':
		return '\f', nil
	case 'n':
		return '\n', nil
	case 'r':
		return '\r', nil
	case 't':
		return '\t', nil
	case 'u':
		return r.escapedUnit()
	case -1:
		return 0, r.fail("Unexpected end-of-input in character escape sequence")
	default:
		return 0, r.fail("Unrecognized character escape " + describe(c))
	}
}

func (r *reader) escapedUnit() (uint16, error) {
	var u uint16
	for range 4 {
		c := r.take()
		if c < 0 {
			return 0, r.fail("Unexpected end-of-input in character escape sequence")
		}
		digit := hexDigit(c)
		if digit < 0 {
			return 0, r.unexpected(c, "expected a hex-digit for character escape sequence")
		}
		u = u<<4 | uint16(digit)
	}
	return u, nil
}

func hexDigit(c int) int {
	switch {
	case c >= '0' && c <= '9':
		return c - '0'
	case c >= 'a' && c <= 'f':
		return c - 'a' + 10
	case c >= 'A' && c <= 'F':
		return c - 'A' + 10
	}
	return -1
}

// literal reads the rest of true, false or null.
func (r *reader) literal(word string) error {
	r.begin = r.at - 1
	for i := 1; i < len(word); i++ {
		if r.peek() != int(word[i]) {
			return r.unrecognized(word[:i])
		}
		r.at++
	}
	if c := r.peek(); c >= '0' && isIdentifierPart(c) {
		return r.unrecognized(word)
	}
	r.end = r.at
	return nil
}

// number reads the rest of a number that begins with c. Where it is broken,
// Jackson stands after the first digit, unless it had to take its slow path:
// for a leading zero, or where the text ends with the number.
func (r *reader) number(c int) error {
	r.begin = r.at - 1
	if c == '-' {
		c = r.take()
		if c < 0 {
			return r.fail("Unexpected end-of-input: No digit following sign")
		}
		if c < '0' || c > '9' {
			return r.badNumber(c, "expected digit (0-9) to follow minus sign, for valid numeric value")
		}
	}
	first := r.at
	if c == '0' {
		if isDigit(r.peek()) {
			return r.fail("Invalid numeric value: Leading zeroes not allowed")
		}
	} else {
		r.digits()
	}
	bad, comment := -1, ""
	if r.peek() == '.' {
		r.at++
		if !r.digits() {
			bad, comment = r.peek(), "Decimal point not followed by a digit"
		}
	}
	if e := r.peek(); comment == "" && (e == 'e' || e == 'E') {
		r.at++
		if s := r.peek(); s == '+' || s == '-' {
			r.at++
		}
		if !r.digits() {
			bad, comment = r.peek(), "Exponent indicator not followed by a digit"
		}
	}
	if comment == "" {
		r.end = r.at
		return r.afterRootNumber()
	}
	return r.cutNumber(bad, comment, c == '0', first)
}

func (r *reader) cutNumber(bad int, comment string, slow bool, first int) error {
	switch {
	case bad < 0 && comment[0] == 'E':
		return r.fail("Unexpected end-of-input: expected a digit for number exponent")
	case bad < 0:
		bad = 0 // Jackson's own mark for the end
	case slow:
		r.at++
	default:
		r.at = first
	}
	return r.badNumber(bad, comment)
}

// afterRootNumber refuses 5x outside everything; inside a scope the next token
// complains of it.
func (r *reader) afterRootNumber() error {
	if c := r.peek(); len(r.open) == 0 && c >= 0 && c != ' ' && c != '\t' && c != '\n' && c != '\r' {
		r.at++
		return r.unexpected(c, "Expected space separating root-level values")
	}
	return nil
}

func (r *reader) digits() bool {
	from := r.at
	for isDigit(r.peek()) {
		r.at++
	}
	return r.at > from
}

func isDigit(c int) bool { return c >= '0' && c <= '9' }

// oddValue explains a value that begins with c and cannot be one.
func (r *reader) oddValue(c int) error {
	switch {
	case c == 'N' && r.rest("aN"):
		return r.fail("Non-standard token 'NaN': enable `JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS` to allow")
	case c == 'I' && r.rest("nfinity"):
		return r.fail("Non-standard token 'Infinity': enable `JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS` to allow")
	case c == '+':
		r.take()
		return r.badNumber('+', "JSON spec does not allow numbers to have plus signs: enable `JsonReadFeature.ALLOW_LEADING_PLUS_SIGN_FOR_NUMBERS` to allow")
	case isIdentifierStart(c):
		return r.unrecognized(string(rune(c)))
	}
	return r.unexpected(c, "expected a valid value (JSON String, Number, Array, Object or token 'null', 'true' or 'false')")
}

// rest takes word if it comes next.
func (r *reader) rest(word string) bool {
	for i := range len(word) {
		if r.at+i >= len(r.units) || r.units[r.at+i] != uint16(word[i]) {
			return false
		}
	}
	r.at += len(word)
	return true
}

// isIdentifierStart and isIdentifierPart are Java's, which is where Jackson
// sees the end of a token that it does not know.
func isIdentifierStart(c int) bool {
	return unicode.In(rune(c), unicode.L, unicode.Nl, unicode.Sc, unicode.Pc)
}

func isIdentifierPart(c int) bool {
	return c >= 0 && (isIdentifierStart(c) || unicode.In(rune(c), unicode.Nd, unicode.Mc, unicode.Mn, unicode.Cf) ||
		c < 9 || c > 13 && c < 28 || c > 126 && c < 160)
}
