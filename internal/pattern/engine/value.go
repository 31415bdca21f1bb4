package engine

import (
	"bytes"
	"hash/maphash"
	"math"
	"net/netip"
	"unicode/utf16"
	"unicode/utf8"
	"unsafe"

	"github.com/carillon-events/carillon/internal/pattern/syntax"
)

type kind uint8

const (
	isString kind = iota
	isNumber
	isLiteral // true, false, null
)

// value is a leaf of the event at a path that some rule names.
type value struct {
	text   string // of a string its characters, else as in the event; gone with the event
	hash   uint64 // of text; valid with knowsHash
	number float64
	next   int32 // value at the same path; -1 at the end
	from   int32 // the array elements around it, see element; 0 if there are none
	path   int32
	kind   kind
	knows  known
	// emptyKey: one of the keys on the way is empty, or has an empty part
	// between dots. AWS looks into such keys only for patterns that have one too.
	emptyKey bool
}

// known is what was found out about a value so far.
type known uint8

const (
	knowsHash known = 1 << iota
	knowsNumber
	isComparable // the number is one that has an order, see syntax.Decimal
	knowsAddress
	isAddress
	knowsLower
)

// element is a place in an array, and what is around that. Values remember
// elements, but for that of an array that they are directly in: scalars of one
// array combine.
type element struct {
	array, index int32
	around       int32 // the element that the array is in; 0 if it is in none
}

// str is b as a string that must not outlive it.
func str(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

// bytesOf is the bytes of s, which must not be written.
func bytesOf(s string) []byte { return unsafe.Slice(unsafe.StringData(s), len(s)) }

// hashed is the hash of the value's text.
func (v *value) hashed(seed maphash.Seed) uint64 {
	if v.knows&knowsHash == 0 {
		v.hash = maphash.String(seed, v.text)
		v.knows |= knowsHash
	}
	return v.hash
}

// readNumber finds out a number's value.
func (v *value) readNumber() {
	v.knows |= knowsNumber
	if n, ok := shortNumber(v.text); ok {
		v.number = n
		v.knows |= isComparable
		return
	}
	d := syntax.ParseDecimal(v.text)
	if v.number = d.Value; d.Comparable {
		v.knows |= isComparable
	}
}

var powersOf10 = [...]float64{1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15}

// shortNumber reads numbers of up to 15 digits without an exponent: both the
// digits and the power of ten are exact doubles, so their quotient is the
// nearest one, and a double tells all decimals of 15 digits apart.
func shortNumber(text string) (v float64, ok bool) {
	digits := text
	if len(text) > 0 && text[0] == '-' {
		digits = text[1:]
	}
	if len(digits) == 0 || len(digits) > 16 {
		return 0, false
	}
	n, point := uint64(0), -1
	for i := range len(digits) {
		c := digits[i]
		switch {
		case c >= '0' && c <= '9':
			n = n*10 + uint64(c-'0')
		case c == '.' && point < 0 && i > 0:
			point = i
		default:
			return 0, false
		}
	}
	count := len(digits)
	v = float64(n)
	if point >= 0 {
		if point == len(digits)-1 {
			return 0, false
		}
		count--
		v /= powersOf10[len(digits)-1-point]
	}
	if count > 15 {
		return 0, false
	}
	if len(digits) < len(text) && v != 0 {
		v = -v
	}
	return v, true
}

// numberHash is the part of an access key that stands for a number.
func numberHash(v float64) uint64 {
	if v == 0 {
		v = 0 // -0 is 0
	}
	return math.Float64bits(v)
}

func addressHash(a netip.Addr) uint64 {
	p := addressPoint(a)
	h := mix(p.high, p.low^uint64(a.BitLen()))
	return h
}

// unescape appends the characters that the inside of a JSON string stands for.
// Halves of surrogate pairs become U+FFFD, as in encoding/json.
func unescape(dst, in []byte) []byte {
	for {
		i := bytes.IndexByte(in, '\\')
		if i < 0 || i+1 >= len(in) {
			return append(dst, in...)
		}
		dst = append(dst, in[:i]...)
		c := in[i+1]
		in = in[i+2:]
		switch c {
		case 'b':
			c = '\b'
		case 'f':
			c = '\f'
		case 'n':
			c = '\n'
		case 'r':
			c = '\r'
		case 't':
			c = '\t'
		case 'u':
			r, n := unescapeRune(in)
			dst, in = utf8.AppendRune(dst, r), in[n:]
			continue
		}
		dst = append(dst, c)
	}
}

// unescapeRune reads what follows \u, and n is how long that is.
func unescapeRune(in []byte) (r rune, n int) {
	r = hex4(in)
	if r < 0 {
		return utf8.RuneError, 0
	}
	if !utf16.IsSurrogate(r) {
		return r, 4
	}
	if len(in) >= 10 && in[4] == '\\' && in[5] == 'u' {
		if pair := utf16.DecodeRune(r, hex4(in[6:])); pair != utf8.RuneError {
			return pair, 10
		}
	}
	return utf8.RuneError, 4
}

func hex4(b []byte) rune {
	if len(b) < 4 {
		return -1
	}
	var r rune
	for _, c := range b[:4] {
		switch {
		case c >= '0' && c <= '9':
			c -= '0'
		case c|0x20 >= 'a' && c|0x20 <= 'f':
			c = c | 0x20 - 'a' + 10
		default:
			return -1
		}
		r = r<<4 | rune(c)
	}
	return r
}

// hasEmptyKey tells whether one of the keys that name joins is empty, by
// Java's split: empty keys at the end do not count, but "" is one empty key.
func hasEmptyKey[T ~string | ~[]byte](name T) bool {
	end := len(name)
	for end > 0 && name[end-1] == '.' {
		end--
	}
	if len(name) == 0 {
		return true
	}
	for i := range end {
		if name[i] == '.' && (i == 0 || name[i-1] == '.') {
			return true
		}
	}
	return false
}

// mix is a hash of two hashes.
func mix(a, b uint64) uint64 {
	a ^= b * 0x9E3779B97F4A7C15
	a = (a ^ a>>32) * 0xD6E8FEB86659FD93
	a = (a ^ a>>29) * 0xA0761D6478BD642F
	return a ^ a>>32
}
