package queue

import (
	"crypto/md5"
	"encoding/binary"
)

// A message's attributes are stored as a version byte and, for each in the
// order of their names,
//
//	{name}{type}{transport u8}{value}    each {length u32}{bytes}
//
// where transport is 1 for text and 2 for bytes. Without the first byte this is
// the text that their digest is of:
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-message-metadata.html
const (
	attributesVersion = 1
	transportText     = 1
	transportBytes    = 2
)

// Attribute is one attribute of a message.
type Attribute struct {
	Name, Type string
	Binary     bool // bytes, not text
	Value      []byte
}

// AttributeSize is the most that one attribute takes, besides its name, type
// and value.
const AttributeSize = 13

// AppendAttribute appends an attribute to those of enc, which is empty at first.
// It checks nothing. Names must come in order, or the digest is another one.
func AppendAttribute[V string | []byte](enc []byte, name, kind string, binary bool, value V) []byte {
	if len(enc) == 0 {
		enc = append(enc, attributesVersion)
	}
	transport := byte(transportText)
	if binary {
		transport = transportBytes
	}
	enc = appendPart(appendPart(enc, name), kind)
	return appendPart(append(enc, transport), value)
}

func appendPart[V string | []byte](dst []byte, s V) []byte {
	return append(binary.BigEndian.AppendUint32(dst, uint32(len(s))), s...)
}

// EachAttribute calls fn with the attributes of enc, in order. False if enc
// cannot be read. What fn is given points into enc.
func EachAttribute(enc []byte, fn func(a Attribute)) bool {
	if len(enc) == 0 {
		return true
	}
	if enc[0] != attributesVersion {
		return false
	}
	for rest := enc[1:]; len(rest) > 0; {
		name, rest1, ok1 := cutPart(rest)
		kind, rest2, ok2 := cutPart(rest1)
		if !ok1 || !ok2 || len(rest2) == 0 || rest2[0] != transportText && rest2[0] != transportBytes {
			return false
		}
		value, rest3, ok3 := cutPart(rest2[1:])
		if !ok3 {
			return false
		}
		rest = rest3
		fn(Attribute{Name: view(name), Type: view(kind), Binary: rest2[0] == transportBytes, Value: value})
	}
	return true
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

// SumAttributes is the MD5 of attributes, of which there is at least one.
func SumAttributes(enc []byte) [md5.Size]byte { return md5.Sum(enc[1:]) }
