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
	for i := 0; i < len(s); {
		end, ascii := plainPrefix(s[i:])
		if !ascii && !utf8.ValidString(s[i:i+end]) {
			dst = appendReplacing(dst, s[i:i+end])
		} else {
			dst = append(dst, s[i:i+end]...)
		}
		i += end
		if i < len(s) {
			dst = appendEscape(dst, s[i])
			i++
		}
	}
	return append(dst, '"')
}

// plainPrefix is how much of s needs no escape.
func plainPrefix(s string) (int, bool) {
	var seen uint64
	i := 0
	for ; i+8 <= len(s); i += 8 {
		w := binary.LittleEndian.Uint64([]byte(s[i : i+8]))
		if m := stops(w); m != 0 {
			n := bits.TrailingZeros64(m) / 8
			seen |= w & (1<<(8*n) - 1)
			return i + n, seen&tops == 0
		}
		seen |= w
	}
	for ; i < len(s); i++ {
		c := s[i]
		if c < 0x20 || c == '"' || c == '\\' {
			break
		}
		seen |= uint64(c)
	}
	return i, seen&tops == 0
}

func appendReplacing(dst []byte, s string) []byte {
	for _, r := range s {
		dst = utf8.AppendRune(dst, r)
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
