package wire

import (
	"context"
	"strings"

	"github.com/carillon-events/carillon/internal/policy"
)

// Rights is what the authorisation decision has to know of an operation.
// Generated from the model and its overlay, but for Keys.
type Rights struct {
	Action  string // what policies call it: "sqs:SendMessage", also of SendMessageBatch
	Spelled string // as AWS writes it when it refuses: "sqs:sendmessage", "SNS:Publish"
	Denied  string // code of the refusal: "AccessDeniedException"

	// OwnerOnly operations cannot be allowed to another account by a resource's
	// policy, whatever it says.
	OwnerOnly bool

	// OwnSide operations are decided by the caller's own account, wherever the
	// resource is: who owns it, or has a token of it, is found out by the operation.
	OwnSide bool

	// Anybody may: nothing is asked, or the operation finds out itself.
	Anybody bool

	// Keys answers for the condition keys that only the service knows: its own, and
	// those of tags (aws:requesttag/…, aws:tagkeys, aws:resourcetag/…). It is asked
	// only where a policy asks, so it may look something up. nil: there are none.
	Keys func(ctx context.Context, c *Call, q Question, key string) policy.Value
}

// Question is what is asked about one action on one resource.
type Question struct {
	Action   string // "sqs:SendMessage"
	Resource string // ARN, or "*"
	// About is the part of the request that the question is about: the input, or
	// one entry of it.
	About any
	// BothSides must allow it between accounts, also if the operation is OwnSide.
	BothSides bool
}

// Refusal is a question that was answered with no: for the audit record.
type Refusal struct {
	Action, Resource string
	Explicit         bool   // a statement denies it; else nothing allows it
	Reason           string // "denied by statement Sid2 of queue policy"
}

// Authorize asks whether the caller may run c's operation on resource.
// The error, if any, is a *Error ready for the client.
func (c *Call) Authorize(ctx context.Context, resource string) error {
	if c.Decide == nil {
		return nil
	}
	return c.Decide(ctx, c, c.action(), resource)
}

// Ask is Authorize about a part of the request, and maybe about another action
// than the operation's own; an empty one is the operation's.
func (c *Call) Ask(ctx context.Context, q Question) error {
	if c.Decide == nil {
		return nil
	}
	if q.Action == "" {
		q.Action = c.action()
	}
	about := c.About
	c.About, c.BothSides = q.About, q.BothSides
	err := c.Decide(ctx, c, q.Action, q.Resource)
	c.About, c.BothSides = about, false
	return err
}

func (c *Call) action() string {
	if c.Rights != nil && c.Rights.Action != "" {
		return c.Rights.Action
	}
	return c.Service + ":" + strings.TrimSuffix(c.Operation, "Batch")
}
