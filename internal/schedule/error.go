package schedule

import "strings"

// Error is why an expression is refused. AWS shows one sentence and leaves the
// rest to the reader; the sentence is Message, and the rest is in Field and Reason.
type Error struct {
	Message string // AWS's
	Field   string // such as day-of-week; empty if it is about the whole expression
	Reason  string // ours
}

func (e *Error) Error() string { return e.Message }

// Detail says in one sentence which field is wrong, and why.
func (e *Error) Detail() string {
	if e.Field == "" {
		return strings.ToUpper(e.Reason[:1]) + e.Reason[1:] + "."
	}
	return "In " + e.Field + ": " + e.Reason + "."
}

func refuse(field, reason string) *Error { return &Error{Field: field, Reason: reason} }
