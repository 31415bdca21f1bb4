// Package access owns two questions: who is calling, and may they.
//
// Credentials answers the first: in dev mode every key is somebody, in strict
// mode only the keys of a file are. Decider answers the second, and is the one
// place where it is answered: every operation of every service asks it, with
// the principal, the action, the resource and the context of the request,
// before it does anything. Today its policy allows everything.
//
// It refuses to know what an action does. Signatures are checked by sigv4, and
// the order of these steps is the edge's.
package access

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/carillon-events/carillon/internal/wire"
)

// Request is what a policy decides on.
type Request struct {
	Principal string // ARN of the caller
	Account   string // of the caller: 12 digits
	Action    string // "sqs:SendMessage"
	Resource  string // ARN, or "*" where the action has none
	Context   map[string]string
}

// Policy decides. The error of a refusal is ready for the client (*wire.Error).
// A Policy is called by many goroutines at once.
type Policy interface {
	Allow(ctx context.Context, r *Request) error
}

// Decider is the one authorisation decision point.
type Decider struct {
	policy Policy
	now    func() time.Time
}

// NewDecider returns a Decider that asks policy; nil allows everything. now is
// what aws:CurrentTime reads.
func NewDecider(policy Policy, now func() time.Time) *Decider {
	return &Decider{policy: policy, now: now}
}

// Question is wire.Call.Decide: nil where no policy asks anything, so that no
// request has to name its action and its resource for nobody.
func (d *Decider) Question() func(ctx context.Context, c *wire.Call, action, resource string) error {
	if d.policy == nil {
		return nil
	}
	return d.Decide
}

// Decide asks the policy.
func (d *Decider) Decide(ctx context.Context, c *wire.Call, action, resource string) error {
	if d.policy == nil {
		return nil
	}
	return d.policy.Allow(ctx, &Request{
		Principal: c.Principal,
		Account:   c.Account,
		Action:    actionName(action),
		Resource:  resource,
		Context:   d.conditions(c),
	})
}

// actionName is how policies call an operation: the batch form of one has no
// action of its own (sqs:SendMessage covers SendMessageBatch).
func actionName(operation string) string { return strings.TrimSuffix(operation, "Batch") }

// conditions are the global condition keys that a request has by itself.
func (d *Decider) conditions(c *wire.Call) map[string]string {
	return map[string]string{
		"aws:CurrentTime":      d.now().UTC().Format(time.RFC3339),
		"aws:PrincipalAccount": c.Account,
		"aws:PrincipalArn":     c.Principal,
		"aws:RequestedRegion":  c.Region,
		"aws:SecureTransport":  strconv.FormatBool(c.Secure),
		"aws:SourceIp":         c.SourceIP,
	}
}

// Denied is AWS's answer to a caller who may not.
func Denied(r *Request) error {
	return &wire.Error{
		Code:    "AccessDeniedException",
		Status:  403,
		Message: "User: " + r.Principal + " is not authorized to perform: " + r.Action + " on resource: " + r.Resource,
	}
}
