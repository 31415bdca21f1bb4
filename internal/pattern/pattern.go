// Package pattern matches events to event patterns. It is the one way in for
// everything above.
//
// It owns the steps that must not be mixed up: a pattern is parsed once, when a
// rule is written; rules are gathered in a Set; an event is checked once, where
// it comes in from outside (Read), and matched to a snapshot of a Set as often
// as need be. What is behind it: syntax reads patterns, engine matches many
// rules fast, and oracle matches one slowly and is what the engine is held to.
//
// It refuses patterns in AWS's own words (Error) and events that are not a JSON
// object.
package pattern

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"unicode/utf8"

	"github.com/carillon-events/carillon/internal/pattern/engine"
	"github.com/carillon-events/carillon/internal/pattern/syntax"
)

// Error is why a pattern is refused: the reason as AWS words it.
type Error = syntax.Error

// What matches many rules; see the package engine.
type (
	Set      = engine.Set
	Snapshot = engine.Snapshot
	Rule     = engine.Rule
	Memory   = engine.Memory
)

// NewSet is a Set of no rules.
func NewSet() *Set { return engine.NewSet() }

// Pattern is a pattern that was read. It is never changed.
type Pattern struct{ syntax *syntax.Pattern }

// Limits bound what a pattern may ask for, beside its length. The zero value is
// AWS's.
type Limits struct {
	// Complexity of wildcards: how many beginnings of them one value can keep
	// alive at a time. AWS takes 7 and refuses 11; 10 where 0.
	Complexity int
	// Combinations are ways through $or's; 1,000 where 0.
	Combinations int
}

// DefaultLimits are AWS's, in numbers.
var DefaultLimits = Limits{Complexity: syntax.MaxComplexity, Combinations: syntax.MaxBranches}

// Parse reads a pattern. Its error is an *Error.
func (l Limits) Parse(text string) (*Pattern, error) {
	return parse(text, syntax.Dialect{Complexity: l.Complexity, Branches: l.Combinations})
}

// Parse reads a pattern within AWS's limits. Its error is an *Error.
func Parse(text string) (*Pattern, error) { return Limits{}.Parse(text) }

// Stored reads a pattern that was accepted once, whatever the limits are now.
func Stored(text string) (*Pattern, error) {
	return parse(text, syntax.Dialect{AnyWildcards: true, Branches: math.MaxInt})
}

func parse(text string, d syntax.Dialect) (*Pattern, error) {
	p, err := d.Parse(text)
	if err != nil {
		return nil, err
	}
	return &Pattern{p}, nil
}

// Of is a pattern that was read in another dialect, such as filterpolicy's.
func Of(p *syntax.Pattern) *Pattern { return &Pattern{p} }

// Rule is a rule of the pattern, for one Set. owner is what the caller finds in
// it again when it matches.
func (p *Pattern) Rule(owner any) *Rule { return engine.NewRule(p.syntax, owner) }

// ErrTooComplex: the event's arrays and the pattern can be combined in too many
// ways to try them all.
var ErrTooComplex = errors.New("the event's arrays can be combined with the pattern in too many ways")

// Match tells whether an event, as Read returns it, matches. It is for one
// event: a Set is for many.
func (p *Pattern) Match(event []byte) (bool, error) {
	set := NewSet()
	set.Add(p.Rule(nil))
	var m Memory
	matched, tooComplex, err := set.Snapshot().Match(&m, event)
	if tooComplex > 0 && len(matched) == 0 { // another way through a $or may match
		err = ErrTooComplex
	}
	return len(matched) > 0, err
}

// MaxDepth bounds the nesting of events.
const MaxDepth = engine.MaxDepth

// Read is the event that text begins with, ready to be matched: one JSON
// object, not nested deeper than MaxDepth, in UTF-8. As on AWS, what follows it
// is not looked at. Bytes that are no UTF-8 become U+FFFD.
func Read(text []byte) ([]byte, error) {
	if !utf8.Valid(text) {
		text = []byte(string([]rune(string(text))))
	}
	var event json.RawMessage
	if err := json.NewDecoder(bytes.NewReader(text)).Decode(&event); err != nil {
		return nil, err
	}
	if event[0] != '{' {
		return nil, errors.New("the event is not a JSON object")
	}
	if depth(event) > MaxDepth+1 {
		return nil, fmt.Errorf("the event is nested deeper than %d levels", MaxDepth)
	}
	return event, nil
}

// depth is how deep valid JSON is nested.
func depth(text []byte) (deepest int) {
	open, inString := 0, false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case inString && c == '\\':
			i++
		case c == '"':
			inString = !inString
		case inString:
		case c == '{' || c == '[':
			open++
			deepest = max(deepest, open)
		case c == '}' || c == ']':
			open--
		}
	}
	return deepest
}
