package awsjson

import (
	"encoding/binary"
	"math/bits"
	"unicode/utf16"
	"unicode/utf8"
)

const (
	ones = 0x0101010101010101
	tops = 0x8080808080808080
)

// stops marks, in the top bit of each byte of w, the bytes that end a plain
// run inside a string: a quote, a backslash, a control character. Only the
// lowest mark is exact: a borrow may set marks above it.
func stops(w uint64) uint64 {
	quote := w ^ ones*'"'
	slash := w ^ ones*'\\'
	return ((w-ones*0x20)&^w | (quote-ones)&^quote | (slash-ones)&^slash) & tops
}

// text reads the string at d.pos. Without escapes it is a view of the body.
func (d *Decoder) text() string {
	start := d.pos + 1
	end, ascii := plainRun(d.data, start)
	switch {
	case end == len(d.data):
		d.pos = end
		d.unexpected()
		return ""
	case d.data[end] == '\\':
		return d.escapedText(start, end)
	case d.data[end] != '"':
		d.pos = end
		d.fail("Unescaped control character %q in a string%s", d.data[end], d.at())
		return ""
	}
	if !ascii && !utf8.Valid(d.data[start:end]) {
		d.fail("A string is not valid UTF-8%s", d.at())
		return ""
	}
	d.pos = end + 1
	return view(d.data[start:end])
}

// plainRun finds the end of the run of plain bytes from i, eight at a step.
func plainRun(data []byte, i int) (end int, ascii bool) {
	var seen uint64
	for ; i+8 <= len(data); i += 8 {
		w := binary.LittleEndian.Uint64(data[i:])
		if s := stops(w); s != 0 {
			n := bits.TrailingZeros64(s) / 8
			seen |= w & (1<<(8*n) - 1)
			return i + n, seen&tops == 0
		}
		seen |= w
	}
	for ; i < len(data); i++ {
		c := data[i]
		if c < 0x20 || c == '"' || c == '\\' {
			break
		}
		seen |= uint64(c)
	}
	return i, seen&tops == 0
}

// escapedText copies a string whose first escape is at slash into the arena,
// resolving its escapes. A resolved string is never longer than its source, so
// an arena as long as what is left of the document serves for all of it. Bytes
// go over eight at a time, and those behind a stop are taken back: between two
// escapes there are often fewer than would pay for a copy.
func (d *Decoder) escapedText(start, slash int) string {
	if left := len(d.data) - start + 8; cap(d.arena)-len(d.arena) < left {
		d.arena = make([]byte, 0, left)
	}
	from, data := len(d.arena), d.data
	out := append(d.arena, data[start:slash]...)
	for i := slash; ; {
		if i+8 <= len(data) {
			w := binary.LittleEndian.Uint64(data[i:])
			n := bits.TrailingZeros64(stops(w)) / 8 // 8 where there is none
			out = binary.LittleEndian.AppendUint64(out, w)
			out = out[:len(out)-8+n]
			if i += n; n == 8 {
				continue
			}
		}
		if i+1 < len(data) && data[i] == '\\' && simple[data[i+1]] != 0 {
			out = append(out, simple[data[i+1]])
			i += 2
			continue
		}
		switch c := d.byteAt(i); {
		case c == '"':
			return d.keep(out, from, i+1)
		case c == '\\':
			r, n := d.escape(i)
			if n == 0 {
				return ""
			}
			out = utf8.AppendRune(out, r)
			i += n
		case c < 0x20:
			d.pos = i
			if i >= len(data) {
				d.unexpected()
			} else {
				d.fail("Unescaped control character %q in a string%s", c, d.at())
			}
			return ""
		default: // in the last seven bytes of the document
			out = append(out, c)
			i++
		}
	}
}

func (d *Decoder) keep(out []byte, from, next int) string {
	if !utf8.Valid(out[from:]) {
		d.fail("A string is not valid UTF-8%s", d.at())
		return ""
	}
	d.arena, d.pos = out, next
	return view(out[from:])
}

// byteAt is 0 behind the end, which no string may hold either.
func (d *Decoder) byteAt(i int) byte {
	if i < len(d.data) {
		return d.data[i]
	}
	return 0
}

// simple are the escapes of one letter.
var simple = [256]byte{
	'"': '"', '\\': '\\', '/': '/', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t',
}

// escape resolves the \u escape at i and says how long it is; 0 after an error.
func (d *Decoder) escape(i int) (rune, int) {
	if d.byteAt(i+1) != 'u' {
		d.pos = i
		d.fail("Unknown escape in a string at offset %d%s", i, d.at())
		return 0, 0
	}
	r, ok := d.hex4(i + 2)
	if ok && !utf16.IsSurrogate(r) {
		return r, 6
	}
	if ok && d.byteAt(i+6) == '\\' && d.byteAt(i+7) == 'u' {
		low, ok := d.hex4(i + 8)
		if pair := utf16.DecodeRune(r, low); ok && pair != utf8.RuneError {
			return pair, 12
		}
	}
	d.pos = i
	d.fail("Bad \\u escape in a string at offset %d%s", i, d.at())
	return 0, 0
}

func (d *Decoder) hex4(i int) (rune, bool) {
	if i+4 > len(d.data) {
		return 0, false
	}
	var r rune
	for _, c := range d.data[i : i+4] {
		switch {
		case '0' <= c && c <= '9':
			c -= '0'
		case 'a' <= c && c <= 'f':
			c -= 'a' - 10
		case 'A' <= c && c <= 'F':
			c -= 'A' - 10
		default:
			return 0, false
		}
		r = r<<4 | rune(c)
	}
	return r, true
}
