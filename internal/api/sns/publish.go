package sns

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	model "github.com/carillon-events/carillon/internal/awsmodel/sns"
	"github.com/carillon-events/carillon/internal/notification"
	"github.com/carillon-events/carillon/internal/topic"
	"github.com/carillon-events/carillon/internal/wire"
)

// Limits of a message.
// https://docs.aws.amazon.com/sns/latest/api/API_Publish.html
const (
	maxMessage = 262_144 // bytes, of the message and its attributes
	maxSubject = 100     // characters
	maxToken   = 128     // of a message group and a deduplication id
	maxText    = 1600    // characters of a message to a phone number
)

// outgoing is a message as it is published, alone or in a batch.
type outgoing struct {
	message    string
	subject    wire.Opt[string]
	structure  wire.Opt[string]
	attributes map[string]model.MessageAttributeValue
	group      wire.Opt[string]
	dedup      wire.Opt[string]
}

// size is what counts of a message towards its limit.
func (o *outgoing) size() int {
	n := len(o.message)
	for name, v := range o.attributes {
		n += len(name) + len(v.DataType) + len(v.StringValue.V) + len(v.BinaryValue)
	}
	return n
}

// compose checks a message. fifo says what kind of topic it is for.
func (s *Service) compose(c *wire.Call, o *outgoing, fifo bool) (topic.Message, error) {
	m := topic.Message{
		ID: s.newMessageID(), Subject: o.subject.V, Text: o.message, Group: o.group.V, Dedup: o.dedup.V, At: s.now(),
		Unsubscribe: s.unsubscribe, Trace: c.TraceHeader(),
	}
	switch {
	case o.message == "":
		return m, invalid("Empty message")
	case !utf8.ValidString(o.message):
		return m, invalidFor("Message", "it is not valid UTF-8")
	case o.size() > maxMessage:
		return m, invalid("Message too long")
	case o.subject.OK && !validSubject(o.subject.V):
		return m, invalid("Subject")
	}
	if err := checkTokens(o, fifo); err != nil {
		return m, err
	}
	if err := readStructure(o, &m); err != nil {
		return m, err
	}
	var err error
	m.Attributes, err = readAttributes(o.attributes)
	return m, err
}

// validSubject: UTF-8 without line breaks and control characters.
func validSubject(v string) bool {
	return v != "" && utf8.ValidString(v) && utf8.RuneCountInString(v) <= maxSubject && strings.IndexFunc(v, unicode.IsControl) < 0
}

// checkTokens checks what orders messages, and tells repeats.
func checkTokens(o *outgoing, fifo bool) error {
	switch {
	case fifo && !o.group.OK:
		return invalid("The MessageGroupId parameter is required for FIFO topics")
	case o.group.OK && !validMark(o.group.V):
		return invalidFor("MessageGroupId", tokenRule)
	case !fifo && o.dedup.OK:
		return invalidFor("MessageDeduplicationId", "The request includes MessageDeduplicationId parameter that is not valid for this topic type")
	case o.dedup.OK && !validMark(o.dedup.V):
		return invalidFor("MessageDeduplicationId", tokenRule)
	}
	return nil
}

const tokenRule = "It can include 1 to 128 alphanumeric characters and punctuation"

// validMark: of ASCII, what is printed and is no space.
func validMark(v string) bool {
	for i := range len(v) {
		if v[i] <= ' ' || v[i] >= 0x7f {
			return false
		}
	}
	return v != "" && len(v) <= maxToken
}

const badStructure = "Message Structure - JSON message body failed to parse"

// readStructure reads the texts of a message that has one for each protocol.
// What is no string, or for no protocol, is as if it were not there.
func readStructure(o *outgoing, m *topic.Message) error {
	if !o.structure.OK || o.structure.V == "" {
		return nil
	}
	if o.structure.V != "json" {
		return invalid("Invalid MessageStructure: " + clip(o.structure.V)) // AWS names json only
	}
	if !strings.HasPrefix(strings.TrimLeft(o.message, " \t\r\n"), "{") {
		return invalid(badStructure)
	}
	var members map[string]json.RawMessage
	if json.Unmarshal([]byte(o.message), &members) != nil {
		return invalid(badStructure)
	}
	found := false
	for name, raw := range members {
		var text *string
		if json.Unmarshal(raw, &text) != nil || text == nil {
			continue
		}
		key, known := textKey(name)
		switch {
		case name == "default":
			m.Text, found = *text, true
		case known:
			if m.Texts == nil {
				m.Texts = map[topic.Protocol]string{}
			}
			m.Texts[key] = *text
		}
	}
	if !found {
		return invalid("Message Structure - No default entry in JSON message body")
	}
	m.Whole = o.message
	// Attributes are sent only if the structure is no JSON; filters see them.
	// https://docs.aws.amazon.com/sns/latest/dg/sns-message-attributes.html
	m.Silent = true
	return nil
}

// textKey is the core's name for those who get the text of that name.
func textKey(name string) (topic.Protocol, bool) {
	if p, ok := protocols[name]; ok && p != topic.Application {
		return p, true
	}
	if slices.Contains(platforms, name) {
		return topic.Application + "/" + topic.Protocol(name), true
	}
	return "", false
}

// readAttributes checks message attributes; they are in the order of their names.
// https://docs.aws.amazon.com/sns/latest/dg/sns-message-attributes.html
func readAttributes(given map[string]model.MessageAttributeValue) ([]notification.Attribute, error) {
	if len(given) == 0 {
		return nil, nil
	}
	out := make([]notification.Attribute, 0, len(given))
	for _, name := range slices.Sorted(maps.Keys(given)) {
		v := given[name]
		if err := checkAttribute(name, &v); err != nil {
			return nil, err
		}
		a := notification.Attribute{Name: name, Type: v.DataType, Value: []byte(v.StringValue.V)}
		if a.Binary() {
			a.Value = v.BinaryValue
		}
		out = append(out, a)
	}
	return out, nil
}

func checkAttribute(name string, v *model.MessageAttributeValue) error {
	base, _, _ := strings.Cut(v.DataType, ".")
	about := "The message attribute '" + clip(name) + "' "
	switch {
	case name == "" || len(name) > 256 || !validAttributeName(name):
		return badValue("The message attribute name '" + clip(name) + "' is invalid: it can contain A-Z, a-z, 0-9, underscore, hyphen and period, " +
			"at most 256 characters, must not start or end with a period or have two in a row, and must not start with AWS. or Amazon.")
	case v.DataType == "":
		return badValue(about + "must contain non-empty message attribute type.")
	case len(v.DataType) > 256 || base != "String" && base != "Number" && base != "Binary" || !validText(v.DataType, "_-."):
		return badValue(about + "has an invalid message attribute type, the set of supported type prefixes is Binary, Number, and String.")
	}
	value := "StringValue"
	if base == "Binary" {
		value = "BinaryValue"
	}
	switch {
	case base == "Binary" && len(v.BinaryValue) == 0, base != "Binary" && v.StringValue.V == "":
		return badValue(about + "must contain non-empty message attribute value for message attribute type '" + v.DataType + "' (" + value + ").")
	case base == "Binary" && v.StringValue.V != "", base != "Binary" && len(v.BinaryValue) > 0:
		return badValue(about + "with type '" + v.DataType + "' must use field '" + value + "'.")
	case !utf8.ValidString(v.StringValue.V):
		return badValue(about + "is not valid UTF-8.")
	case base == "Number" && v.DataType != "Number.Array" && !isNumber(v.StringValue.V):
		return badValue("Could not cast message attribute '" + clip(name) + "' value to number.")
	}
	return nil
}

func badValue(message string) error { return say(codeValue, "Invalid parameter: "+message) }

func validAttributeName(s string) bool {
	lower := strings.ToLower(s)
	return validText(s, "_-.") && s[0] != '.' && s[len(s)-1] != '.' && !strings.Contains(s, "..") &&
		!strings.HasPrefix(lower, "aws.") && !strings.HasPrefix(lower, "amazon.") || reservedAttribute(s)
}

// reservedAttribute tells whether a name is one that AWS reserves for push
// notifications and text messages, and publishers use.
// https://docs.aws.amazon.com/sns/latest/dg/sns-msg-attributes.html
func reservedAttribute(s string) bool {
	return (strings.HasPrefix(s, "AWS.SNS.MOBILE.") || strings.HasPrefix(s, "AWS.SNS.SMS.") || strings.HasPrefix(s, "AWS.MM.SMS.")) &&
		validText(s, "_-.") && !strings.HasSuffix(s, ".") && !strings.Contains(s, "..")
}

func isNumber(s string) bool {
	_, err := strconv.ParseFloat(s, 64)
	return err == nil && !strings.ContainsAny(s, "xXpP_nN") // hexadecimal, Inf, NaN
}
