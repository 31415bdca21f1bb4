package sqs

import (
	"crypto/md5"
	"maps"
	"slices"
	"strconv"
	"strings"

	model "github.com/carillon-events/carillon/internal/awsmodel/sqs"
	"github.com/carillon-events/carillon/internal/queue"
	"github.com/carillon-events/carillon/internal/wire"
)

const maxMessageAttributes = 10

// encodeAttributes checks and encodes a message's attributes; size is what
// they count towards the message's size.
func encodeAttributes(attrs map[string]model.MessageAttributeValue) (enc []byte, size int, err error) {
	if len(attrs) == 0 {
		return nil, 0, nil
	}
	if len(attrs) > maxMessageAttributes {
		return nil, 0, parameter("Number of message attributes [" + strconv.Itoa(len(attrs)) + "] exceeds the allowed maximum [" + strconv.Itoa(maxMessageAttributes) + "].")
	}
	var room [maxMessageAttributes]string
	names := slices.AppendSeq(room[:0], maps.Keys(attrs))
	slices.Sort(names)
	for _, name := range names {
		v := attrs[name]
		if err := checkAttribute(name, &v); err != nil {
			return nil, 0, err
		}
		size += len(name) + len(v.DataType) + len(v.StringValue.V) + len(v.BinaryValue)
	}
	enc = make([]byte, 0, 1+size+queue.AttributeSize*len(names))
	for _, name := range names {
		v := attrs[name]
		enc = appendAttribute(enc, name, &v)
	}
	return enc, size, nil
}

// appendAttribute appends an attribute that was checked.
func appendAttribute(enc []byte, name string, v *model.MessageAttributeValue) []byte {
	if strings.HasPrefix(v.DataType, "Binary") {
		return queue.AppendAttribute(enc, name, v.DataType, true, v.BinaryValue)
	}
	return queue.AppendAttribute(enc, name, v.DataType, false, v.StringValue.V)
}

// checkAttribute refuses what is no message attribute.
func checkAttribute(name string, v *model.MessageAttributeValue) error {
	switch {
	case name == "":
		return parameter("The request must contain non-empty message attribute name.")
	case len(name) > 256:
		return parameter("Message (user) attribute name can not be longer than 256 characters, found: " + strconv.Itoa(len(name)) + ".")
	case !isAttributeName(name):
		return parameter("The message (user) attribute name '" + clip(name) + "' is invalid. A name can contain A-Z, a-z, 0-9, underscore (_), hyphen (-), and period (.) characters; it must not start or end with a period, contain successive periods, or start with the reserved prefixes AWS. and Amazon.")
	case v.DataType == "":
		return parameter("The message (user) attribute '" + name + "' must contain a non-empty message attribute type.")
	case len(v.DataType) > 256:
		return parameter("The type of message (user) attribute '" + name + "' can not be longer than 256 characters, found: " + strconv.Itoa(len(v.DataType)) + ".")
	case len(v.StringListValues) > 0 || len(v.BinaryListValues) > 0:
		return &wire.Error{Code: codeUnsupported, Message: "Message attribute list values in SendMessage operation are not supported."}
	}
	return checkTyped(name, v)
}

// checkTyped checks the value against the type.
func checkTyped(name string, v *model.MessageAttributeValue) error {
	base, _, _ := strings.Cut(v.DataType, ".")
	if base != "String" && base != "Number" && base != "Binary" || !isTypeName(v.DataType) {
		return parameter("The type of message (user) attribute '" + name + "' is invalid. You must use only the following supported type prefixes: Binary, Number, String.")
	}
	if text, bytes := v.StringValue.V != "", len(v.BinaryValue) > 0; base == "Binary" && text || base != "Binary" && bytes {
		return parameter("The message (user) attribute '" + name + "' with type '" + v.DataType + "' must use field '" + fieldOf(base) + "'.")
	} else if !text && !bytes {
		return parameter("Message (user) attribute '" + name + "' must contain a non-empty value of type '" + v.DataType + "'.")
	}
	if r, bad := badCharacter(v.StringValue.V); bad {
		return parameter("Invalid binary character '" + characterName(r) + "' was found in the value of message (user) attribute '" + name + "', the set of allowed characters is " + allowedCharacters)
	}
	if base == "Number" && !isNumber(v.StringValue.V) {
		return parameter("Can't cast the value of message (user) attribute '" + name + "' to a number.")
	}
	return nil
}

func fieldOf(base string) string {
	if base == "Binary" {
		return "Binary"
	}
	return "String"
}

func isAttributeName(s string) bool {
	lower := strings.ToLower(s)
	return isTypeName(s) && s[0] != '.' && s[len(s)-1] != '.' && !strings.Contains(s, "..") &&
		!strings.HasPrefix(lower, "aws.") && !strings.HasPrefix(lower, "amazon.")
}

func isTypeName(s string) bool {
	for i := range len(s) {
		if b := s[i]; !isAlphanumeric(b) && b != '_' && b != '-' && b != '.' {
			return false
		}
	}
	return true
}

// isNumber: up to 38 digits of precision, between 10^-128 and 10^126.
func isNumber(s string) bool {
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || strings.ContainsAny(s, "xXpP_nN") { // hexadecimal, Inf, NaN
		return false
	}
	if f < 0 {
		f = -f
	}
	mantissa, _, _ := strings.Cut(strings.ToLower(s), "e")
	digits := strings.TrimLeft(strings.Replace(strings.TrimLeft(mantissa, "+-"), ".", "", 1), "0")
	return len(digits) <= 38 && (f == 0 || f >= 1e-128 && f <= 1e126)
}

// attributeFilter is what a receiver asked for with MessageAttributeNames.
type attributeFilter []string

func (f attributeFilter) wants(name string) bool {
	for _, want := range f {
		switch prefix, ok := strings.CutSuffix(want, ".*"); {
		case want == "All", want == name, ok && strings.HasPrefix(name, prefix):
			return true
		}
	}
	return false
}

// pick is the attributes that f wants, and their MD5; nil if there are none.
func (f attributeFilter) pick(enc []byte) (map[string]model.MessageAttributeValue, [md5.Size]byte, bool) {
	if len(f) == 0 || len(enc) == 0 {
		return nil, [md5.Size]byte{}, true
	}
	picked := make(map[string]model.MessageAttributeValue)
	text := make([]byte, 0, len(enc))
	ok := queue.EachAttribute(enc, func(a queue.Attribute) {
		if !f.wants(a.Name) {
			return
		}
		text = queue.AppendAttribute(text, a.Name, a.Type, a.Binary, a.Value)
		v := model.MessageAttributeValue{DataType: a.Type}
		if a.Binary {
			v.BinaryValue = a.Value
		} else {
			v.StringValue = wire.Some(string(a.Value))
		}
		picked[a.Name] = v
	})
	if !ok || len(picked) == 0 {
		return nil, [md5.Size]byte{}, ok
	}
	return picked, queue.SumAttributes(text), true
}
