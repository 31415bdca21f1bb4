package events

import (
	"strings"

	"github.com/carillon-events/carillon/internal/arn"
	model "github.com/carillon-events/carillon/internal/awsmodel/events"
)

// checkLogTarget refuses what cannot be a log group. It is the group's own ARN on
// AWS; people also write the one of its streams, with ":*" behind.
//
// A log group takes the event as it is, or an input template that is an object
// of timestamp and message, both of which are strings; neither Input nor
// InputPath: https://github.com/aws/aws-cdk/pull/20748 has what AWS answers.
func checkLogTarget(t *model.Target, to arn.ARN) error {
	if _, ok := to.LogGroupName(); !ok || !arn.IsAccount(to.Account) || to.Region == "" {
		return invalid(t.Arn, "Provided Arn is not in correct format.")
	}
	for _, p := range []param{
		{"Input", t.Input.OK}, {"InputPath", t.InputPath.OK}, {"SqsParameters", t.SqsParameters != nil},
	} {
		if p.given {
			return invalid(p.name, "It is not supported for log group targets (target "+t.Id+").")
		}
	}
	if t.InputTransformer != nil && !isLogTemplate(t.InputTransformer.InputTemplate) {
		return invalid("InputTransformer.InputTemplate",
			`For log group targets it must have the form {"timestamp": <timestamp>, "message": <message>} (target `+t.Id+").")
	}
	return nil
}

// isLogTemplate tells whether a template is an object with the keys timestamp and
// message, and no other. What the values come to is seen with an event.
func isLogTemplate(template string) bool {
	keys, ok := topKeys(template)
	return ok && len(keys) == 2 && keys["timestamp"] && keys["message"]
}

// topKeys is the keys of the object that a template is, as far as it can be told
// from one that has yet to be rendered: a placeholder may be a value, or stand in
// a string.
func topKeys(template string) (keys map[string]bool, ok bool) {
	rest := strings.TrimSpace(template)
	if !strings.HasPrefix(rest, "{") {
		return nil, false
	}
	keys = map[string]bool{}
	depth, last := 0, ""
	for i := 0; i < len(rest); i++ {
		switch c := rest[i]; c {
		case '{', '[':
			depth++
		case '}', ']':
			depth--
		case '"':
			end := stringEnd(rest, i)
			if end < 0 {
				return nil, false
			}
			last = rest[i+1 : end]
			i = end
		case ':':
			if depth == 1 {
				if keys[last] {
					return nil, false
				}
				keys[last] = true
			}
		case '<': // a placeholder's name may have anything in it
			if end := strings.IndexByte(rest[i:], '>'); end > 0 {
				i += end
			}
		}
	}
	return keys, depth == 0
}

// stringEnd is where the string that begins at a quote ends; -1 if it does not.
func stringEnd(s string, from int) int {
	for i := from + 1; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '"':
			return i
		}
	}
	return -1
}
