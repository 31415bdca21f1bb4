package transform

import (
	"bytes"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// The functions here read JSON that is known to be valid. On other bytes they
// find other ends, but never one outside of b.

// skipSpace is where the first byte at or after i stands that is no space.
func skipSpace(b []byte, i int) int {
	for i < len(b) && isSpace(b[i]) {
		i++
	}
	return i
}

func isSpace(c byte) bool { return c == ' ' || c == '\n' || c == '\t' || c == '\r' }

// skipValue is the end of the value that begins at i.
func skipValue(b []byte, i int) int {
	if i >= len(b) {
		return len(b)
	}
	switch b[i] {
	case '"':
		return skipString(b, i)
	case '{', '[':
		return skipScope(b, i)
	}
	for i < len(b) && !isSpace(b[i]) && b[i] != ',' && b[i] != '}' && b[i] != ']' {
		i++
	}
	return i
}

// skipString is the end of the string whose opening quote is at i.
func skipString(b []byte, i int) int {
	for at := i + 1; at < len(b); {
		quote := bytes.IndexByte(b[at:], '"')
		if quote < 0 {
			break
		}
		quote += at
		slashes := 0
		for quote-1-slashes > i && b[quote-1-slashes] == '\\' {
			slashes++
		}
		if slashes%2 == 0 {
			return quote + 1
		}
		at = quote + 1
	}
	return len(b)
}

// skipScope is the end of the object or array that opens at i.
func skipScope(b []byte, i int) int {
	deep := 0
	for i < len(b) {
		switch b[i] {
		case '"':
			i = skipString(b, i)
			continue
		case '{', '[':
			deep++
		case '}', ']':
			if deep--; deep == 0 {
				return i + 1
			}
		}
		i++
	}
	return len(b)
}

// cursor goes through an object or an array.
type cursor struct {
	b  []byte
	at int // where the next member or element, or the closing bracket, is looked for
}

// enter stands before the first member of the object or array that opens at i.
func enter(b []byte, i int) cursor { return cursor{b, i + 1} }

// next moves to the next element or key, if there is one, and says where it
// begins.
func (c *cursor) next() (at int, ok bool) {
	c.at = skipSpace(c.b, c.at)
	if c.at < len(c.b) && c.b[c.at] == ',' {
		c.at = skipSpace(c.b, c.at+1)
	}
	return c.at, c.at < len(c.b) && c.b[c.at] != '}' && c.b[c.at] != ']'
}

// member moves to the next member of an object: what is between the quotes of
// its key, and where its value begins.
func (c *cursor) member() (key []byte, at int, ok bool) {
	from, ok := c.next()
	if !ok {
		return nil, c.at, false
	}
	to := skipString(c.b, from)
	c.at = skipSpace(c.b, to)
	if c.b[from] != '"' || to-from < 2 || c.at >= len(c.b) || c.b[c.at] != ':' {
		return nil, c.at, false
	}
	c.at = skipSpace(c.b, c.at+1)
	return c.b[from+1 : to-1], c.at, c.at < len(c.b)
}

// end is the end of the object or array, when there is nothing left in it.
func (c *cursor) end() int { return min(c.at+1, len(c.b)) }

// sameKey tells whether a key, as it is spelled in JSON, is the name.
func sameKey(key []byte, name string) bool {
	if bytes.IndexByte(key, '\\') < 0 {
		return string(key) == name
	}
	return string(unescape(key)) == name
}

// unescape is what the inside of a JSON string means.
func unescape(s []byte) []byte {
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); {
		if s[i] != '\\' || i+1 == len(s) {
			out = append(out, s[i])
			i++
			continue
		}
		if s[i+1] == 'u' {
			r := hexRune(s[i:])
			i += min(6, len(s)-i)
			if utf16.IsSurrogate(r) {
				if pair := utf16.DecodeRune(r, hexRune(s[i:])); pair != utf8.RuneError {
					r, i = pair, i+6
				} else {
					r = utf8.RuneError
				}
			}
			out = utf8.AppendRune(out, r)
			continue
		}
		c := s[i+1]
		if at := bytes.IndexByte([]byte("bfnrt"), c); at >= 0 {
			c = "\b\f\n\r\t"[at]
		}
		out = append(out, c)
		i += 2
	}
	return out
}

// hexRune is the rune that \uXXXX at the start of s means, or -1.
func hexRune(s []byte) rune {
	if len(s) < 6 || s[0] != '\\' || s[1] != 'u' {
		return -1
	}
	n, err := strconv.ParseUint(string(s[2:6]), 16, 16)
	if err != nil {
		return -1
	}
	return rune(n)
}
