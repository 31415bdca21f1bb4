// Package explain says why a pattern does or does not match an event: branch by
// branch, field by field, test by test, with the values that the event has.
//
// It owns the words and the shape of the answer, and no rule of matching. The
// oracle decides: about the whole, and about every single test and value, which
// explain hands to it one by one. What explain works out by itself is how those
// answers combine over array elements, to name the elements; a property holds
// that this agrees with the oracle too.
//
// Invariants: Result.Matched is the oracle's verdict. What did not match names a
// field that failed, or the elements that do not go together, or says that it
// was too much to look at. The answer is bounded whatever the input: long text
// is clipped, long lists are cut and say how much is missing, and what would take
// too long is left undecided.
//
// It refuses what the oracle refuses, in the same words.
package explain

import (
	"errors"

	"github.com/carillon-events/carillon/internal/pattern/oracle"
	"github.com/carillon-events/carillon/internal/pattern/syntax"
)

// Limits of an answer.
const (
	maxBranches = 16      // shown
	maxFields   = 64      // shown of a branch
	maxTests    = 16      // shown of a field
	maxValues   = 8       // shown of a field
	maxElements = 8       // shown of a field in a Conflict
	maxFindings = 4096    // shown in all
	maxText     = 120     // bytes of a value or a test
	maxPath     = 400     // bytes of a path
	maxJudged   = 1 << 18 // tests put to a value
	maxSteps    = 1 << 22 // ways to combine array elements
)

// Result is why an event matches a pattern, or why not.
type Result struct {
	Matched bool   `json:"matched"`
	Summary string `json:"summary"` // one sentence
	// Branches are the ways through the pattern's $or's, in its order. One that
	// matches is enough.
	Branches     []Branch `json:"branches"`
	MoreBranches int      `json:"moreBranches,omitempty"` // not shown
	// GivenUp: the match itself takes too long, and counts as none.
	GivenUp bool `json:"givenUp,omitempty"`
}

// Branch is one way through the pattern's $or's. All of its fields must match,
// and together.
type Branch struct {
	Number     int     `json:"number"` // from 1
	Matched    bool    `json:"matched"`
	Fields     []Field `json:"fields"`
	MoreFields int     `json:"moreFields,omitempty"`
	// Conflict is there when fields match, but not within the same array elements.
	Conflict *Conflict `json:"conflict,omitempty"`
	// Undecided: there are too many values or elements to say.
	Undecided bool `json:"undecided,omitempty"`
}

// Field is one path of the pattern.
type Field struct {
	Path    string `json:"path"`
	Matched bool   `json:"matched"` // if the branch does not match: by itself
	// Missing: the event has no value there. An object, [] and {} are none.
	Missing bool `json:"missing,omitempty"`
	// Hint is what may be meant, such as a key that differs only in case.
	Hint       string  `json:"hint,omitempty"`
	Tests      []Test  `json:"tests"` // one that accepts a value is enough
	MoreTests  int     `json:"moreTests,omitempty"`
	Values     []Value `json:"values,omitempty"`
	MoreValues int     `json:"moreValues,omitempty"`
}

// Value is one value of the event.
type Value struct {
	At       string `json:"at"`    // its place: detail.items[1].sku
	Value    string `json:"value"` // as JSON, clipped
	Type     string `json:"type"`  // string, number, boolean or null
	Accepted bool   `json:"accepted"`
	// Taken: it is one of those by which the branch matches.
	Taken bool `json:"taken,omitempty"`
}

// Test is one alternative of a field.
type Test struct {
	Test     string    `json:"test"` // as in a pattern, clipped
	Accepted bool      `json:"accepted"`
	Findings []Finding `json:"findings"` // one for each of the field's Values, in their order
}

// Finding is what a test says of a value; of none, where At is empty.
type Finding struct {
	At       string `json:"at,omitempty"`
	Accepted bool   `json:"accepted"`
	Why      string `json:"why"`
}

// Conflict is how fields that match do not match together.
type Conflict struct {
	Message string          `json:"message"`
	Fields  []ConflictField `json:"fields"`
}

// ConflictField is where one of those fields is satisfied.
type ConflictField struct {
	Path string `json:"path"`
	// Elements are the array elements that satisfy the field; of one that must
	// be missing those that have it.
	Elements     []string `json:"elements,omitempty"`
	MoreElements int      `json:"moreElements,omitempty"`
	MustBeAbsent bool     `json:"mustBeAbsent,omitempty"`
}

// Explain explains how a pattern matches an event. It fails where the pattern
// does not parse (*syntax.Error) or the event is not a JSON object.
func Explain(pattern string, event []byte) (*Result, error) {
	p, err := syntax.Parse(pattern)
	if err != nil {
		return nil, err
	}
	return Match(p, event)
}

// Match explains how a pattern that was read already matches an event.
func Match(p *syntax.Pattern, event []byte) (*Result, error) {
	flat, err := oracle.Flatten(event)
	if err != nil {
		return nil, err
	}
	e, err := Read(event)
	if err != nil {
		return nil, err
	}
	matched, err := oracle.New(p).MatchEvent(flat)
	if err != nil && !errors.Is(err, oracle.ErrTooComplex) {
		return nil, err
	}
	x := &explainer{
		event:     e,
		flat:      flat,
		emptyKeys: hasEmptyKeys(p),
		fields:    map[*syntax.Field]*field{},
		judge:     judge{left: maxJudged},
		steps:     maxSteps,
		findings:  maxFindings,
	}
	r := &Result{Matched: matched, GivenUp: err != nil}
	x.result(p, r)
	r.Summary = summary(r)
	return r, nil
}
