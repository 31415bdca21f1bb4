package awsjson

import (
	"encoding/base64"
	"encoding/binary"
	"maps"
	"math/bits"
	"slices"
	"strconv"
	"time"
	"unicode/utf8"
	"unsafe"
)

// AppendName begins a member of the object that dst ends in: a comma unless it
// is the first, the name, a colon. Names are the model's and need no escaping.
func AppendName(dst []byte, name string) []byte {
	if dst[len(dst)-1] != '{' {
		dst = append(dst, ',')
	}
	dst = append(dst, '"')
	dst = append(dst, name...)
	return append(dst, '"', ':')
}

// AppendKey begins a member whose name is data.
func AppendKey(dst []byte, key string) []byte {
	if dst[len(dst)-1] != '{' {
		dst = append(dst, ',')
	}
	return append(AppendString(dst, key), ':')
}

// AppendComma begins an element of the array that dst ends in.
func AppendComma(dst []byte) []byte {
	if dst[len(dst)-1] != '[' {
		dst = append(dst, ',')
	}
	return dst
}

// AppendInt appends an integer.
func AppendInt[T int32 | int64](dst []byte, v T) []byte {
	return strconv.AppendInt(dst, int64(v), 10)
}

// AppendTime appends seconds since 1970 with milliseconds, as AWS sends them.
func AppendTime(dst []byte, t time.Time) []byte {
	millis := t.UnixMilli()
	if millis < 0 {
		dst = append(dst, '-')
		millis = -millis
	}
	dst = strconv.AppendInt(dst, millis/1000, 10)
	if rest := millis % 1000; rest != 0 {
		dst = append(dst, '.', byte('0'+rest/100), byte('0'+rest/10%10), byte('0'+rest%10))
		for dst[len(dst)-1] == '0' {
			dst = dst[:len(dst)-1]
		}
	}
	return dst
}

// AppendBlob appends base64 in quotes.
func AppendBlob(dst, v []byte) []byte {
	dst = append(dst, '"')
	dst = base64.StdEncoding.AppendEncode(dst, v)
	return append(dst, '"')
}

// AppendString appends s in quotes. Bytes that are not UTF-8 become U+FFFD:
// an answer is always a JSON document.
func AppendString(dst []byte, s string) []byte {
	dst = append(dst, '"')
	start := len(dst)
	plain, _ := plainRun(unsafe.Slice(unsafe.StringData(s), len(s)), 0)
	dst = append(dst, s[:plain]...)
	if plain < len(s) {
		dst = appendEscaping(dst, s[plain:])
	}
	if !utf8.Valid(dst[start:]) {
		runes := []rune(string(dst[start:])) // what is not UTF-8 is U+FFFD already
		dst = append(dst[:start], string(runes)...)
	}
	return append(dst, '"')
}

// appendEscaping moves bytes as escapedText does.
func appendEscaping(dst []byte, s string) []byte {
	for i := 0; i < len(s); i++ {
		for i+8 <= len(s) {
			w := binary.LittleEndian.Uint64([]byte(s[i : i+8]))
			n := bits.TrailingZeros64(stops(w)) / 8 // 8 where there is none
			dst = binary.LittleEndian.AppendUint64(dst, w)
			dst = dst[:len(dst)-8+n]
			if i += n; n < 8 {
				break
			}
		}
		if i == len(s) {
			break
		}
		if c := s[i]; c < 0x20 || c == '"' || c == '\\' {
			dst = appendEscape(dst, c)
		} else {
			dst = append(dst, c)
		}
	}
	return dst
}

const hexDigits = "0123456789abcdef"

func appendEscape(dst []byte, c byte) []byte {
	switch c {
	case '"', '\\':
		return append(dst, '\\', c)
	case '\n':
		return append(dst, '\\', 'n')
	case '\r':
		return append(dst, '\\', 'r')
	case '\t':
		return append(dst, '\\', 't')
	case '\b':
		return append(dst, '\\', 'b')
	case '\f':
		return append(dst, '\\', 'f')
	}
	return append(dst, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
}

// SortedKeys are the keys of m in order, so that equal answers are equal
// bytes. buf is room for them, which a caller has on its stack.
func SortedKeys[V any](buf []string, m map[string]V) []string {
	keys := slices.AppendSeq(buf[:0], maps.Keys(m))
	slices.Sort(keys)
	return keys
}
