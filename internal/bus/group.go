package bus

import (
	"encoding/json"

	"github.com/carillon-events/carillon/internal/transform"
)

// group is which message group of a queue a target's events go to: a text, or
// what each event has at a JSON path ("$.detail.customer"), as of other
// parameters that may be paths:
// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-targets.html#dynamic-path-parameters
type group struct {
	text string
	path *transform.Transform // nil: the text
}

func compileGroup(id *string) (g group) {
	if id == nil {
		return g
	}
	g.text = *id
	if isPath(*id) {
		// What reads like a path and is none is a text, as it always was.
		g.path, _ = transform.Compile(transform.Spec{InputPath: id})
	}
	return g
}

// of is an event's group. Events without one, or with what cannot name one, share
// the group that the path itself names: they are delivered, in order.
func (g *group) of(event []byte) string {
	if g.path == nil {
		return g.text
	}
	if text, ok := textAt(g.path, event); ok && namesGroup(text) {
		return text
	}
	return g.text
}

// namesGroup tells what a queue takes for a message group: 1 to 128 letters,
// digits and punctuation.
func namesGroup(s string) bool {
	if len(s) < 1 || len(s) > 128 {
		return false
	}
	for i := range len(s) {
		if s[i] <= ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

// textAt is what an event has at a path: a string's text, and the JSON of all
// else; false where there is nothing, or null.
func textAt(path *transform.Transform, event []byte) (string, bool) {
	found, err := path.Apply(nil, event, transform.Context{})
	if err != nil || string(found) == "null" {
		return "", false
	}
	var text string
	if json.Unmarshal(found, &text) == nil {
		return text, true
	}
	return string(found), true
}
