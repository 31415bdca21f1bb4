package notification

import (
	"encoding/binary"
	"slices"
	"strings"
)

// Attribute is an attribute of a message.
type Attribute struct {
	Name, Type string
	Value      []byte // text, but of the type Binary
}

// Binary tells whether the value is bytes, not text.
func (a *Attribute) Binary() bool { return a.Type == "Binary" || strings.HasPrefix(a.Type, "Binary.") }

func sortAttributes(list []Attribute) {
	slices.SortFunc(list, func(a, b Attribute) int { return strings.Compare(a.Name, b.Name) })
}

// AppendAttributes appends attributes, which must be in the order of their
// names, as queues store them: nothing, or {1 u8} and for each
//
//	{name}{type}{transport u8}{value}    each {length u32}{bytes}
//
// where transport is 1 for text and 2 for bytes. A test holds it to
// queue.AppendAttribute.
func AppendAttributes(dst []byte, list []Attribute) []byte {
	if len(list) == 0 {
		return dst
	}
	dst = append(dst, 1)
	for i := range list {
		a := &list[i]
		transport := byte(1)
		if a.Binary() {
			transport = 2
		}
		dst = appendPart(appendPart(dst, a.Name), a.Type)
		dst = appendPart(append(dst, transport), string(a.Value))
	}
	return dst
}

func appendPart(dst []byte, s string) []byte {
	return append(binary.BigEndian.AppendUint32(dst, uint32(len(s))), s...)
}

// ReadAttributes is the inverse of AppendAttributes; false if enc cannot be
// read. Values point into enc.
func ReadAttributes(enc []byte) (list []Attribute, ok bool) {
	if len(enc) == 0 {
		return nil, true
	}
	if enc[0] != 1 {
		return nil, false
	}
	for rest := enc[1:]; len(rest) > 0; {
		name, rest1, ok1 := cutPart(rest)
		kind, rest2, ok2 := cutPart(rest1)
		if !ok1 || !ok2 || len(rest2) == 0 {
			return nil, false
		}
		value, rest3, ok3 := cutPart(rest2[1:])
		if !ok3 {
			return nil, false
		}
		list = append(list, Attribute{Name: string(name), Type: string(kind), Value: value})
		rest = rest3
	}
	return list, true
}

func cutPart(b []byte) (part, rest []byte, ok bool) {
	if len(b) < 4 {
		return nil, nil, false
	}
	n := uint64(binary.BigEndian.Uint32(b))
	if n > uint64(len(b)-4) {
		return nil, nil, false
	}
	return b[4 : 4+n], b[4+n:], true
}

// Extras is what goes into a queue with a message besides its body.
type Extras struct {
	Dedup      string // deduplication id; empty for none
	Attributes []byte // of AppendAttributes
}

// Encode is how a delivery carries Extras: {1 u8}{length u8}{dedup}{attributes}.
func (e *Extras) Encode() []byte {
	if e.Dedup == "" && len(e.Attributes) == 0 {
		return nil
	}
	b := make([]byte, 0, 2+len(e.Dedup)+len(e.Attributes))
	b = append(append(b, 1, byte(len(e.Dedup))), e.Dedup...)
	return append(b, e.Attributes...)
}

// ReadExtras is the inverse of Encode. Of other bytes, such as those of another
// kind of delivery, there are none.
func ReadExtras(b []byte) (e Extras) {
	if len(b) < 2 || b[0] != 1 || len(b) < 2+int(b[1]) {
		return e
	}
	n := 2 + int(b[1])
	return Extras{Dedup: string(b[2:n]), Attributes: b[n:]}
}
