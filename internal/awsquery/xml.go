package awsquery

import (
	"encoding/base64"
	"strconv"
	"time"
	"unicode/utf8"
)

// AppendOpen appends <name>.
func AppendOpen(dst []byte, name string) []byte {
	dst = append(dst, '<')
	dst = append(dst, name...)
	return append(dst, '>')
}

// AppendClose appends </name>.
func AppendClose(dst []byte, name string) []byte {
	dst = append(dst, '<', '/')
	dst = append(dst, name...)
	return append(dst, '>')
}

// AppendText appends s as character data. What XML 1.0 cannot carry (control
// characters, U+FFFE, U+FFFF, bytes that are not UTF-8) becomes U+FFFD, and a
// carriage return a reference, since a parser would make a line feed of it.
func AppendText(dst []byte, s string) []byte {
	plain := 0
	for i := 0; i < len(s); {
		if c := s[i]; c < utf8.RuneSelf && !special[c] {
			i++
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		if r != utf8.RuneError && r >= utf8.RuneSelf && r != 0xFFFE && r != 0xFFFF {
			i += size
			continue
		}
		dst = append(dst, s[plain:i]...)
		dst = append(dst, reference(r)...)
		i += size
		plain = i
	}
	return append(dst, s[plain:]...)
}

// special are the ASCII characters that do not stand for themselves.
var special = func() (set [utf8.RuneSelf]bool) {
	for c := range byte(' ') {
		set[c] = c != '\t' && c != '\n'
	}
	for _, c := range `<>&"` {
		set[c] = true
	}
	return set
}()

func reference(r rune) string {
	switch r {
	case '<':
		return "&lt;"
	case '>':
		return "&gt;"
	case '&':
		return "&amp;"
	case '"':
		return "&quot;"
	case '\r':
		return "&#xD;"
	}
	return "\uFFFD"
}

// AppendInt appends an integer.
func AppendInt[T int32 | int64](dst []byte, v T) []byte {
	return strconv.AppendInt(dst, int64(v), 10)
}

// AppendTime appends an ISO 8601 date and time in UTC with milliseconds.
func AppendTime(dst []byte, t time.Time) []byte {
	return t.UTC().AppendFormat(dst, "2006-01-02T15:04:05.000Z")
}

// AppendBlob appends base64.
func AppendBlob(dst, v []byte) []byte { return base64.StdEncoding.AppendEncode(dst, v) }
