// Package awsjson is the AWS JSON protocol, 1.0 and 1.1: what the generated
// codecs of internal/awsmodel are made of, and the error body.
//
// It owns the lexer and the appending of values; it knows no service. It
// refuses what JSON refuses (and is as strict about numbers, UTF-8 and
// surrogates), documents deeper than maxDepth and lists longer than
// maxElements: whoever sends a request must not decide how much memory it
// costs. No reflection: a structure's codec is generated code.
//
// Invariants: decoded strings point into the request body or into one arena
// beside it that is never written twice, so the body must not be written after
// it was decoded, and what outlives the request must be cloned. A Decoder that
// has failed answers every further question with "nothing there" and keeps its
// first error for Finish.
package awsjson

import (
	"fmt"
	"strings"
	"unicode/utf8"
	"unsafe"

	"github.com/carillon-events/carillon/internal/wire"
)

const (
	maxDepth    = 64
	maxElements = 10_000
)

// Decoder reads one JSON document from front to back. Generated code drives
// it: Object or Array, then Next or More until false, and a reader for each
// value. Every reader takes JSON's null for an absent member.
type Decoder struct {
	data   []byte
	pos    int
	depth  int
	hinted int    // elements that Hint has promised
	fresh  bool   // just behind a { or [: no comma yet
	name   string // of the member that Next found
	arena  []byte // strings that had escapes, one behind the other
	err    *wire.Error
}

// Reset makes d read data from its start.
func (d *Decoder) Reset(data []byte) { *d = Decoder{data: data} }

// Finish checks that nothing follows the document. The error is a
// SerializationException.
func (d *Decoder) Finish() error {
	if d.peek(); d.pos < len(d.data) {
		d.unexpected()
	}
	if d.err != nil {
		return d.err
	}
	return nil
}

// Object enters an object. It is false where there is null.
func (d *Decoder) Object() bool { return d.enter('{', "Expected a structure or null") }

// Array enters an array. It is false where there is null.
func (d *Decoder) Array() bool { return d.enter('[', "Expected list or null") }

func (d *Decoder) enter(open byte, want string) bool {
	switch c := d.peek(); {
	case c == open:
		d.pos++
		d.depth++
		d.fresh = true
		if d.depth > maxDepth {
			d.fail("The document is nested deeper than %d levels", maxDepth)
		}
		return d.err == nil
	case c == 'n':
		d.literal("null")
		return false
	case startsValue(c):
		d.mismatch(want)
		return false
	}
	d.unexpected()
	return false
}

// Next goes to the object's next member and reads its name.
func (d *Decoder) Next() bool {
	if !d.another('}') {
		return false
	}
	if d.peek() != '"' {
		d.unexpected()
		return false
	}
	d.name = d.text()
	if d.err == nil && d.peek() != ':' {
		d.unexpected()
	}
	d.pos++
	return d.err == nil
}

// Name is the name that Next read.
func (d *Decoder) Name() string { return d.name }

// More goes to the array's next element; have is how many there are already.
func (d *Decoder) More(have int) bool {
	if !d.another(']') {
		return false
	}
	return d.Room(have)
}

// Room says whether a list or map that has so many elements may have one more.
func (d *Decoder) Room(have int) bool {
	if have >= maxElements {
		d.fail("More than %d elements%s", maxElements, d.at())
	}
	return d.err == nil
}

// another steps over the comma before a further member or element, or leaves
// the object or array at its end.
func (d *Decoder) another(end byte) bool {
	if d.err != nil {
		return false
	}
	c := d.peek()
	switch {
	case c == end:
		d.pos++
		d.depth--
		d.fresh = false
		return false
	case d.fresh:
		d.fresh = false
		return true
	case c == ',':
		d.pos++
		if d.peek() != end {
			return true
		}
	}
	d.unexpected()
	return false
}

// Hint guesses how many elements the array that was just entered has, from
// what is left of the document and what one usually takes, so that a batch is
// one allocation; at most most. All guesses together are no more than the
// document could hold: many small arrays do not each get a large one's room.
func (d *Decoder) Hint(usual, most int) int {
	if d.err != nil || d.peek() == ']' {
		return 0
	}
	n := min(1+(len(d.data)-d.pos)/usual, most)
	if d.hinted+n > 16+len(d.data)/usual {
		n = 1
	}
	d.hinted += n
	return n
}

// NullElement refuses the null that a list held in place of an element.
func (d *Decoder) NullElement() {
	if d.err == nil {
		d.fail("A list must not hold null%s", d.at())
	}
}

// Skip reads over a value of whatever kind.
func (d *Decoder) Skip() {
	switch c := d.peek(); c {
	case '{':
		for ok := d.Object(); ok && d.Next(); {
			d.Skip()
		}
	case '[':
		for ok := d.Array(); ok && d.another(']'); {
			d.Skip()
		}
	case '"':
		d.text()
	case 't':
		d.literal("true")
	case 'f':
		d.literal("false")
	case 'n':
		d.literal("null")
	default:
		d.number()
	}
}

// peek is the next byte that is not white space; 0 at the end.
func (d *Decoder) peek() byte {
	for d.pos < len(d.data) {
		switch c := d.data[d.pos]; c {
		case ' ', '\t', '\n', '\r':
			d.pos++
		default:
			return c
		}
	}
	return 0
}

func (d *Decoder) literal(word string) bool {
	if d.err != nil {
		return false
	}
	if len(d.data)-d.pos < len(word) || string(d.data[d.pos:d.pos+len(word)]) != word {
		d.unexpected()
		return false
	}
	d.pos += len(word)
	return true
}

func startsValue(c byte) bool {
	switch c {
	case '{', '[', '"', 't', 'f', 'n', '-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9':
		return true
	}
	return false
}

// fail keeps the first error and moves to the end, where every reader finds
// nothing.
func (d *Decoder) fail(format string, args ...any) {
	if d.err == nil {
		d.err = &wire.Error{Code: "SerializationException", Message: fmt.Sprintf(format, args...)}
	}
	d.pos = len(d.data)
}

func (d *Decoder) unexpected() {
	if d.err != nil {
		return
	}
	if d.pos >= len(d.data) {
		d.fail("Unexpected end of the document")
		return
	}
	r, _ := utf8.DecodeRune(d.data[d.pos:])
	d.fail("Unexpected character %q at offset %d%s", r, d.pos, d.at())
}

// mismatch refuses a well-formed value of the wrong kind, in AWS's words.
func (d *Decoder) mismatch(want string) {
	switch c := d.peek(); c {
	case '{':
		d.fail("Start of structure or map found where not expected%s", d.at())
	case '[':
		d.fail("Start of list found where not expected%s", d.at())
	default:
		if strings.HasPrefix(want, "Expected") {
			d.fail("%s%s", want, d.at())
			return
		}
		d.fail("%s can not be converted to %s%s", tokenName(c), want, d.at())
	}
}

func tokenName(c byte) string {
	switch c {
	case '"':
		return "STRING_VALUE"
	case 't':
		return "TRUE_VALUE"
	case 'f':
		return "FALSE_VALUE"
	}
	return "NUMBER_VALUE"
}

// view is b as a string, without a copy: see the package's invariant.
func view(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }
