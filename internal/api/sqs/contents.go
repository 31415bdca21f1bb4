package sqs

import (
	"encoding/binary"
	"strconv"
	"unicode/utf8"
	"unsafe"
)

// allowedCharacters is what AWS says of what a message may contain.
const allowedCharacters = "#x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to #xFFFD | #x10000 to #x10FFFF"

// badCharacter is the first character of s that no message may contain.
// Bytes that are not UTF-8 count as U+FFFD of width one, which is bad too.
func badCharacter(s string) (r rune, found bool) {
	for len(s) > 0 {
		if n := plainPrefix(s); n > 0 {
			s = s[n:]
			continue
		}
		b := s[0]
		if b < utf8.RuneSelf {
			if b < 0x20 && b != '\t' && b != '\n' && b != '\r' {
				return rune(b), true
			}
			s = s[1:]
			continue
		}
		r, w := utf8.DecodeRuneInString(s)
		if r == utf8.RuneError && w == 1 {
			return rune(b), true
		}
		if r == 0xFFFE || r == 0xFFFF {
			return r, true
		}
		s = s[w:]
	}
	return 0, false
}

// plainPrefix is how many of the first bytes of s are, eight at a time, ASCII
// without control characters: most of most messages.
func plainPrefix(s string) int {
	const ones, tops = 0x0101010101010101, 0x8080808080808080
	b := bytesOf(s)
	n := 0
	for ; len(b)-n >= 8; n += 8 {
		w := binary.LittleEndian.Uint64(b[n:])
		if (w|(w-0x20*ones)&^w)&tops != 0 {
			break
		}
	}
	return n
}

// bytesOf is s without a copy; they must not be written.
func bytesOf(s string) []byte { return unsafe.Slice(unsafe.StringData(s), len(s)) }

func characterName(r rune) string { return "#x" + strconv.FormatInt(int64(r), 16) }

// isToken says whether s is what a message group, a deduplication id or a
// receive request attempt may be: 1 to 128 letters, digits and punctuation.
func isToken(s string) bool {
	if len(s) < 1 || len(s) > 128 {
		return false
	}
	for i := range len(s) {
		if s[i] <= ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

// checkToken is isToken's error.
func checkToken(name, v string) error {
	if isToken(v) {
		return nil
	}
	return value(name, v, name+" can only include alphanumeric and punctuation characters. 1 to 128 in length.")
}
