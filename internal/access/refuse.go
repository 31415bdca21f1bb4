package access

import (
	"net/http"

	"github.com/carillon-events/carillon/internal/policy"
	"github.com/carillon-events/carillon/internal/wire"
)

// refuse is AWS's answer to a caller who may not, and notes why for the audit
// record.
func (t *trial) refuse(decision *policy.Decision) error {
	c, r := t.call, t.request
	reason := t.reason(decision)
	c.Refused = &wire.Refusal{Action: r.Action, Resource: r.Resource, Explicit: decision.Outcome == policy.ExplicitDeny, Reason: reason}
	t.Record.add(t.id, t.request.Principal.ARN, t.question(), reason, t.Now())
	code := "AccessDeniedException"
	if c.Rights != nil {
		code = c.Rights.Denied
		if r.Action == c.Rights.Action {
			r.Action = c.Rights.Spelled
		}
	}
	e := &wire.Error{Code: code, Message: decision.Denial(&r), Explained: t.Denials.Seal(c.Account, c.UserID(), &t.request, decision)}
	if code == "AccessDenied" || c.Rights == nil { // the model does not have it
		e.Status = http.StatusForbidden
	}
	return e
}

func (t *trial) question() question {
	return question{t.id.AccessKey, t.request.Action, t.request.Resource}
}

// reason says why, also where there is nothing that could have allowed.
func (t *trial) reason(decision *policy.Decision) string {
	r := &t.request
	why := decision.Reason(r)
	if decision.Outcome == policy.ImplicitDeny && decision.Missing() == policy.Identity && len(t.set.Identity) == 0 {
		why += ": " + r.Principal.ARN + " has no policies"
		if t.entity == nil && r.Principal.Kind == policy.User {
			why += " (it is no user of IAM, and the credentials file gives it none)"
		}
	}
	return why
}

// Denied is the refusal of somebody who may not operate the node.
func Denied(principal, action string) error {
	return &wire.Error{
		Code: "AccessDeniedException", Status: http.StatusForbidden,
		Message: "User: " + principal + " is not authorized to perform: " + action +
			": it is no key of an operator, and none of an operator's account",
	}
}
