// Package access owns two questions: who is calling, and may they.
//
// Credentials answers the first: in dev mode every key is somebody, in strict
// mode only known keys are. Decider answers the second, and is the one place
// where it is answered: every operation of every service asks it, with the
// action and the resource, before it does anything. It brings together who the
// caller is, the policies of his and of the resource, and what the request says,
// and internal/policy decides.
//
// In strict mode a no is a no. In dev mode the answer is always yes, and Record
// keeps what would have been no, so that people can give an application the
// policies that it lacks before they turn strict on.
//
// It refuses to know what an action does. Signatures are checked by sigv4, and
// the order of these steps is the edge's.
package access

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/carillon-events/carillon/internal/arn"
	"github.com/carillon-events/carillon/internal/identity"
	"github.com/carillon-events/carillon/internal/policy"
	"github.com/carillon-events/carillon/internal/wire"
)

// AdminPrefix begins the actions that concern the node, not an account.
const AdminPrefix = "carillon:"

// Options is what a Decider is made of.
type Options struct {
	Strict    bool
	Directory *identity.Directory // who exists; may be nil
	Policies  *policy.Book        // of resources; may be nil
	Denials   *Denials            // seals why for STS's DecodeAuthorizationMessage; nil: nobody does
	Record    *Record             // of what was refused, or would have been; nil: nobody keeps it
	Now       func() time.Time    // what aws:CurrentTime reads
}

// Decider is the one authorisation decision point. Many goroutines ask it at
// once, and none waits for another.
type Decider struct {
	Options
	rights map[string]*wire.Rights // by action, in lower case
}

// Rights is what is known of the operations that have an action; nil where there
// is none.
func (d *Decider) Rights(action string) *wire.Rights { return d.rights[strings.ToLower(action)] }

// Serve tells the decider which operations there are. Call it before it is asked.
func (d *Decider) Serve(services []*wire.Service) {
	for _, s := range services {
		for _, op := range s.Operations {
			if key := strings.ToLower(op.Rights.Action); d.rights[key] == nil || !strings.HasSuffix(op.Name, "Batch") {
				d.rights[key] = &op.Rights
			}
		}
	}
}

// NewDecider is a Decider.
func NewDecider(o Options) *Decider { return &Decider{o, map[string]*wire.Rights{}} }

// Question is wire.Call.Decide: nil where nobody wants an answer, so that no
// request has to name its action and its resource for nobody.
func (d *Decider) Question() func(ctx context.Context, c *wire.Call, action, resource string) error {
	if !d.Strict && d.Record == nil {
		return nil
	}
	return d.Decide
}

// Decide answers. The error of a refusal is ready for the client (*wire.Error).
func (d *Decider) Decide(ctx context.Context, c *wire.Call, action, resource string) error {
	if !d.Strict {
		d.note(ctx, c, action, resource)
		return nil
	}
	t := d.begin(ctx, c, callerOf(c), action, resource)
	defer t.end()
	decision := t.decide()
	if decision.Allows() {
		return nil
	}
	return t.refuse(&decision)
}

// callerOf is who calls. Somebody put it in who knows, or the call has what there
// is to be known.
func callerOf(c *wire.Call) *Identity {
	if id, ok := c.Caller.(*Identity); ok {
		return id
	}
	return &Identity{AccessKey: c.AccessKey, Account: c.Account, Principal: c.Principal}
}

// trial is one question while it is answered: the request and the policies that
// bear on it. It answers for the request's condition keys (facts.go).
type trial struct {
	*Decider
	ctx     context.Context
	call    *wire.Call
	id      *Identity
	entity  *identity.Entity // the user or role; nil: root, or nobody that IAM knows
	request policy.Request
	set     policy.Set
}

// trials are used again: a decision costs no garbage.
var trials = sync.Pool{New: func() any { return new(trial) }}

func (t *trial) end() {
	*t = trial{}
	trials.Put(t)
}

func (d *Decider) begin(ctx context.Context, c *wire.Call, id *Identity, action, resource string) *trial {
	t := trials.Get().(*trial)
	t.Decider, t.ctx, t.call, t.id = d, ctx, c, id
	t.request = policy.Request{Principal: id.principal(), Action: action, Resource: inPartition(resource, c.Region), Context: t}
	t.setIdentity()
	t.setResource()
	return t
}

// setIdentity finds the policies of the caller's side.
func (t *trial) setIdentity() {
	p := &t.request.Principal
	t.entity = t.id.Entity
	if t.entity == nil && t.Directory != nil && p.Kind == policy.User {
		if e, ok := t.Directory.User(p.Account, userName(p.ARN)); ok && isUser(p.ARN, e) {
			t.entity, p.ARN = e, e.ARN
		}
	}
	if t.entity != nil {
		t.set.Identity, t.set.Boundary = t.entity.Policies, t.entity.Boundary
	}
	switch given := t.id.Policies; {
	case len(given) == 0:
	case len(t.set.Identity) == 0:
		t.set.Identity = given
	default:
		t.set.Identity = slices.Concat(t.set.Identity, given)
	}
	if t.id.Session != nil {
		t.set.Session = t.id.Session.Policies
	}
}

// setResource finds whose the resource is, and its policies.
func (t *trial) setResource() {
	account := accountIn(t.request.Resource)
	rights := t.call.Rights
	if rights == nil || rights.Action != t.request.Action {
		rights = &noRights
	}
	own := account == "" || account == t.request.Principal.Account
	switch {
	case rights.OwnSide && !t.call.BothSides:
		return
	case own || !rights.OwnerOnly:
		t.set.Resource = t.Policies.Of(t.request.Resource)
	}
	t.request.ResourceAccount = account
}

var noRights wire.Rights

// decide asks the policies, but for what the node's owner has said himself.
func (t *trial) decide() policy.Decision {
	if t.id.Operator && strings.HasPrefix(t.request.Action, AdminPrefix) {
		return policy.Decision{Outcome: policy.Allowed}
	}
	return policy.Decide(&t.request, &t.set)
}

// accountIn is the account of an ARN; empty where there is none, as of phone
// numbers and of what belongs to nobody.
func accountIn(resource string) string {
	if !strings.HasPrefix(resource, "arn:") {
		return ""
	}
	rest := resource
	for range 4 {
		i := strings.IndexByte(rest, ':')
		if i < 0 {
			return ""
		}
		rest = rest[i+1:]
	}
	if len(rest) <= 12 || rest[12] != ':' || !arn.IsAccount(rest[:12]) {
		return ""
	}
	return rest[:12]
}

// inPartition is the ARN with the partition of the region: services look for a
// resource by what follows, and no policy may be evaded by another name of it.
func inPartition(resource, region string) string {
	rest, ok := strings.CutPrefix(resource, "arn:")
	i := strings.IndexByte(rest, ':')
	if want := arn.Partition(region); ok && i >= 0 && rest[:i] != want {
		return "arn:" + want + rest[i:]
	}
	return resource
}
