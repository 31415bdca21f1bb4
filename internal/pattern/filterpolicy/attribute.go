package filterpolicy

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// Attribute is a message attribute as it was published. What the type Binary
// has for a value is not looked at.
type Attribute struct{ Name, Type, Value string }

// Why a message matches no policy at all of a scope. AWS counts the first two as
// NumberOfNotificationsFilteredOut-NoMessageAttributes and -InvalidAttributes.
var (
	ErrNoAttributes = errors.New("the message has no attributes to filter by")
	ErrAttribute    = errors.New("a message attribute cannot be read")
	ErrBody         = errors.New("the message body is not a JSON object")
)

// AppendAttributes appends the event that policies of scope MessageAttributes
// are matched to: a JSON object of strings, numbers and arrays. Its errors are
// ErrNoAttributes and ErrAttribute; the message then matches no such policy.
//
// Attributes of type Binary are as if they were not there. A type's label, the
// foo of String.foo, means nothing.
func AppendAttributes(dst []byte, attrs []Attribute) ([]byte, error) {
	event := append(dst, '{')
	for _, a := range attrs {
		kind := kindOf(a.Type)
		if kind == binary {
			continue
		}
		if len(event) > len(dst)+1 {
			event = append(event, ',')
		}
		event = append(appendLiteral(event, a.Name), ':')
		ok := true
		switch kind {
		case text:
			event = appendText(event, a.Value)
		case number:
			event, ok = appendNumber(event, a.Value)
		case array:
			event, ok = appendArray(event, a.Value)
		default:
			ok = false
		}
		if !ok {
			return dst, fmt.Errorf("%w: %s, a %s", ErrAttribute, a.Name, a.Type)
		}
	}
	if len(event) == len(dst)+1 {
		return dst, ErrNoAttributes
	}
	return append(event, '}'), nil
}

type kind uint8

const (
	unknown kind = iota
	text
	number
	array
	binary
)

// kindOf reads a type. Number.Array is no type of its own in AWS's list of
// types, but the documentation's example of anything-but has one.
// https://docs.aws.amazon.com/sns/latest/dg/numeric-value-matching.html
func kindOf(typ string) kind {
	if typ == "String.Array" || typ == "Number.Array" {
		return array
	}
	base, _, _ := strings.Cut(typ, ".")
	switch base {
	case "String":
		return text
	case "Number":
		return number
	case "Binary":
		return binary
	}
	return unknown
}

// appendText appends the value of a String. AWS puts it between quotes as it
// is and reads the result as JSON, so that publishers write \" for a quote and
// \\ for a backslash; who did is understood here too. Where that is not JSON,
// AWS filters the message out of everything; here the value is what it is.
// https://docs.aws.amazon.com/sns/latest/dg/sns-message-attributes.html
func appendText(dst []byte, value string) []byte {
	if !needsEscape(value) || json.Valid(quoted(nil, value)) {
		return quoted(dst, value)
	}
	return appendLiteral(dst, value)
}

func quoted(dst []byte, s string) []byte {
	dst = append(dst, '"')
	dst = append(dst, s...)
	return append(dst, '"')
}

func needsEscape(s string) bool {
	return strings.IndexFunc(s, func(c rune) bool { return c < ' ' || c == '"' || c == '\\' }) >= 0
}

// appendLiteral appends s as a JSON string with just this value.
func appendLiteral(dst []byte, s string) []byte {
	if !needsEscape(s) {
		return quoted(dst, s)
	}
	const hex = "0123456789abcdef"
	dst = append(dst, '"')
	for _, c := range []byte(s) {
		switch {
		case c == '"' || c == '\\':
			dst = append(dst, '\\', c)
		case c < ' ':
			dst = append(dst, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		default:
			dst = append(dst, c)
		}
	}
	return append(dst, '"')
}
