package policy

import "strconv"

// Outcome is what a decision comes to. The zero Outcome allows nothing.
type Outcome uint8

const (
	ImplicitDeny Outcome = iota // no statement allows it
	ExplicitDeny                // a statement denies it
	Allowed
)

// String is how the simulator's API calls it.
func (o Outcome) String() string {
	switch o {
	case Allowed:
		return "allowed"
	case ExplicitDeny:
		return "explicitDeny"
	}
	return "implicitDeny"
}

// Decision is the answer to a request, with its reason.
type Decision struct {
	Outcome
	by      finding // the statement that allowed or denied
	missing Kind    // of an implicit deny: what should have allowed
}

// Allows tells whether the request may be done.
func (d *Decision) Allows() bool { return d.Outcome == Allowed }

// By is the policy and the statement, counted from 0, that allowed or denied. The
// policy is nil if it was none: an account's root needs no permission, and what
// is implicitly denied is mentioned nowhere.
func (d *Decision) By() (*Policy, int) { return d.by.policy, int(d.by.statement) }

// Missing is, of an implicit deny, the kind of policy that should have allowed;
// of one there may be none at all.
func (d *Decision) Missing() Kind { return d.missing }

// Reason says why, in a few words: "denied by statement Sid2 of queue policy",
// "no statement allows events:PutEvents on arn:…".
func (d *Decision) Reason(r *Request) string {
	switch d.Outcome {
	case Allowed:
		if d.by.policy == nil {
			return "allowed: the root of an account needs no permission"
		}
		return "allowed by " + d.by.String()
	case ExplicitDeny:
		return "denied by " + d.by.String()
	}
	what := " allows " + r.Action + " on " + r.Resource
	switch d.missing {
	case Identity:
		return "no statement" + what
	case Boundary:
		return "no statement of the permissions boundary" + what
	}
	return "no statement of a " + d.missing.String() + what
}

// String names the statement: by its Sid, or by its place, counted from 1.
func (f finding) String() string {
	name := f.policy.Document.statements[f.statement].sid
	if name == "" {
		name = strconv.Itoa(int(f.statement) + 1)
	}
	of := f.policy.Name
	if of == "" {
		of = "the " + f.policy.Document.kind.String()
	}
	return "statement " + name + " of " + of
}

// Denial is the sentence in which AWS refuses the request.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
func (d *Decision) Denial(r *Request) string {
	s := "User: " + r.Principal.name() + " is not authorized to perform: " + r.Action
	if r.Resource != "" && r.Resource != "*" {
		s += " on resource: " + r.Resource
	}
	switch {
	case d.Outcome == Allowed:
		return ""
	case d.Outcome == ImplicitDeny:
		return s + " because no " + d.missing.String() + " allows the " + r.Action + " action"
	}
	kind := d.by.policy.Document.kind
	return s + " with an explicit deny in " + articles[kind] + kind.String()
}

var articles = [...]string{Identity: "an ", Boundary: "a ", Session: "a ", Resource: "a ", Trust: "the "}
