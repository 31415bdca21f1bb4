// Package pattern matches events to event patterns. It is the one way in for
// everything above: what is behind it may become faster, never different.
//
// It owns the two steps that must not be mixed up: a pattern is compiled once,
// when a rule is written, and an event is read once, whatever number of rules
// it is matched to. Matchers and events are never changed and may be shared.
//
// It refuses patterns in AWS's own words (syntax.Error) and events that are not
// a JSON object.
package pattern

import (
	"github.com/carillon-events/carillon/internal/pattern/oracle"
	"github.com/carillon-events/carillon/internal/pattern/syntax"
)

// Error is why a pattern is refused: the reason as AWS words it.
type Error = syntax.Error

// Matcher is a compiled pattern.
type Matcher struct{ oracle *oracle.Pattern }

// Compile compiles a pattern. Its error is an *Error.
func Compile(text string) (*Matcher, error) {
	p, err := oracle.Parse(text)
	if err != nil {
		return nil, err
	}
	return &Matcher{p}, nil
}

// Event is an event that was read for matching.
type Event struct{ oracle *oracle.Event }

// Read reads an event: a JSON object.
func Read(event []byte) (*Event, error) {
	e, err := oracle.Flatten(event)
	if err != nil {
		return nil, err
	}
	return &Event{e}, nil
}

// Match tells whether the event matches. The error is that of a match that
// would take too long: the event's arrays and the pattern can be combined in
// too many ways.
func (m *Matcher) Match(e *Event) (bool, error) { return m.oracle.MatchEvent(e.oracle) }
