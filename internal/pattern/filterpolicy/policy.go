// Package filterpolicy reads the filter policies of SNS subscriptions, and
// turns the attributes of a message into an event that they are matched to. It
// owns what SNS adds to and takes from the pattern language: scopes, limits,
// and attribute types.
//
// A policy becomes a syntax.Pattern and a message a JSON object, so that the
// matchers of event patterns decide, and none is written twice. Two things are
// not the matchers' to know, and are said by this package instead:
//
//   - A message without attributes matches no policy of scope
//     MessageAttributes, not even {"exists": false}: ErrNoAttributes.
//   - A message with an attribute that cannot be read matches none either:
//     ErrAttribute. Nor does a body that is not a JSON object match a policy of
//     scope MessageBody: ErrBody.
//
// It refuses a policy with the reason only, an *Error; the sentence around it
// ("Invalid parameter: FilterPolicy: …") is the API's. What AWS is not known
// to say is said in a sentence of ours. docs/adr/0016 has the sources.
//
// Attributes have no inside: a policy of that scope that nests is refused, and
// an attribute's event has no objects. A name with dots is thus only a name,
// although the matchers join keys with dots.
package filterpolicy

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/carillon-events/carillon/internal/pattern/syntax"
)

// Error is why a policy is refused.
type Error = syntax.Error

// Scope is what of a message a policy looks at.
type Scope uint8

// The scopes. MessageAttributes is the default.
const (
	MessageAttributes Scope = iota
	MessageBody
)

// Limits of a policy. How many policies there may be is not among them.
type Limits struct {
	Bytes        int
	Keys         int     // different keys that have an array
	Combinations int     // see combinations
	Number       float64 // how far from zero
	// Wildcards is how many a wildcard pattern may have; WildcardPoints is how
	// many points, see wildcardPoints, those of a policy may count.
	Wildcards      int
	WildcardPoints int
}

// AWS is what AWS allows.
// https://docs.aws.amazon.com/sns/latest/dg/subscription-filter-policy-constraints.html
var AWS = Limits{
	Bytes:          256 << 10,
	Keys:           5,
	Combinations:   150,
	Number:         1e9,
	Wildcards:      3,
	WildcardPoints: 100,
}

// Parse reads a policy within AWS's limits. Its error is an *Error. The policy
// {} is none, and the pattern is nil: AWS delivers everything to a subscription
// that has it, also messages without attributes.
func Parse(text string, scope Scope) (*syntax.Pattern, error) { return AWS.Parse(text, scope) }

// Parse reads a policy within other limits.
func (l Limits) Parse(text string, scope Scope) (*syntax.Pattern, error) {
	switch {
	case len(text) > l.Bytes:
		return nil, &Error{Reason: "Filter policy is larger than " + strconv.Itoa(l.Bytes) + " bytes"}
	case !utf8.ValidString(text):
		return nil, &Error{Reason: "Filter policy is not valid UTF-8"}
	case isEmpty(text):
		return nil, nil
	}
	u := usage{limits: l, levels: map[*syntax.Field]int{}, keys: map[string]bool{}}
	dialect := syntax.Dialect{
		LooseOr:      true,
		AnyWildcards: true, // SNS counts them in its own way
		Check:        u.add,
	}
	if scope == MessageAttributes {
		dialect.Flat = "Filter policy scope MessageAttributes does not support nested filter policy"
	}
	p, err := dialect.Parse(text)
	if err != nil {
		return nil, err
	}
	if reason := u.exceeded(p); reason != "" {
		return nil, &Error{Reason: reason}
	}
	return p, nil
}

const jsonSpace = " \t\r\n"

// isEmpty tells whether text is {}, which the pattern language refuses.
func isEmpty(text string) bool {
	inside, opened := strings.CutPrefix(strings.Trim(text, jsonSpace), "{")
	inside, closed := strings.CutSuffix(inside, "}")
	return opened && closed && strings.Trim(inside, jsonSpace) == ""
}
