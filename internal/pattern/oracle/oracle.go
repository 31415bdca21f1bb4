// Package oracle is the naive matcher of event patterns: it reads the pattern,
// flattens the event, walks, and compares. It is written to be obviously
// right, and stays for ever as what the fast engine is tested against.
//
// An event is flattened to leaves. A leaf has the path of its keys, joined
// with dots, and remembers which element of which array it came from. A branch
// of a pattern matches if every one of its fields, taken in the order of their
// names, finds a leaf, and no two of those leaves come from different elements
// of the same array.
//
// {"exists": false} asks for the absence of a leaf among those that could still
// be taken, given the elements chosen so far. What it sees thus depends on the
// order of names. That is how AWS answers, so it is how we do.
//
// It refuses to search for ever: a match that needs more than maxSteps
// comparisons is ErrTooComplex.
package oracle

import (
	"errors"

	"github.com/carillon-events/carillon/internal/pattern/syntax"
)

// Pattern is a pattern ready to match. It is never changed.
type Pattern struct {
	syntax *syntax.Pattern
	// emptyKeys: some field of the pattern has an empty key, see Leaf.EmptyKey.
	emptyKeys bool
}

// ErrTooComplex: too many ways to combine the event's array elements.
var ErrTooComplex = errors.New("the event's arrays can be combined with the pattern in too many ways")

// Parse reads a pattern. Its error is a *syntax.Error, in AWS's words.
func Parse(text string) (*Pattern, error) {
	p, err := syntax.Parse(text)
	if err != nil {
		return nil, err
	}
	return New(p), nil
}

// New matches a pattern that was read already.
func New(p *syntax.Pattern) *Pattern {
	out := &Pattern{syntax: p}
	for _, branch := range p.Branches {
		for _, f := range branch {
			out.emptyKeys = out.emptyKeys || hasEmptyKey(f.Name)
		}
	}
	return out
}

// Match flattens event and matches it. event must begin with a JSON object;
// what follows that object is ignored.
func (p *Pattern) Match(event []byte) (bool, error) {
	e, err := Flatten(event)
	if err != nil {
		return false, err
	}
	return p.MatchEvent(e)
}

// MatchEvent matches a flattened event.
func (p *Pattern) MatchEvent(e *Event) (bool, error) {
	s := search{event: e, pattern: p, left: maxSteps}
	for _, branch := range p.syntax.Branches {
		if ok, err := s.branch(branch); ok || err != nil {
			return ok, err
		}
	}
	return false, nil
}
