package access

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/carillon-events/carillon/internal/identity"
	"github.com/carillon-events/carillon/internal/policy"
	"github.com/carillon-events/carillon/internal/wire"
)

// Assumption is the question whether somebody may have a session of a role.
type Assumption struct {
	Action   string // "sts:AssumeRole", "sts:TagSession", …
	RoleARN  string
	Account  string           // the role's
	Role     *identity.Entity // nil: there is no such role
	Provider string           // who vouches for a web identity; empty: the caller asks
	Keys     policy.Values    // of the request, besides the global ones
}

// Trust decides who may assume a role.
type Trust struct {
	Now     func() time.Time
	Users   users    // of IAM; nil: there are none
	Denials *Denials // nil: denials are not explained
}

// Decide decides: the role's trust policy must allow it, and in another account,
// or if it trusts an account as a whole, the caller's own policies must, too.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-denyallow.html
func (t Trust) Decide(c *wire.Call, a Assumption) error {
	id, _ := c.Caller.(*Identity)
	if id == nil {
		id = new(Identity)
	}
	r := &policy.Request{Action: a.Action, Resource: a.RoleARN, ResourceAccount: a.Account}
	keys := &assumptionKeys{call: c, id: id, now: t.Now(), of: &a}
	r.Context = keys
	set := &policy.Set{MustBeTrusted: true}
	if a.Provider != "" {
		r.Principal = policy.Principal{Kind: policy.Provider, ARN: a.Provider}
	} else {
		r.Principal, keys.entity = id.settled(t.Users)
		keys.principal = r.Principal
		id.limits(keys.entity, set)
	}
	if a.Role != nil && a.Role.Trust != nil {
		set.Resource = []policy.Policy{{Name: "the role's trust policy", Document: a.Role.Trust}}
		if d := policy.Decide(r, set); d.Allows() {
			return nil
		} else if a.Provider == "" && a.Account == c.Account {
			return &wire.Error{Code: "AccessDenied", Status: 403, Message: d.Denial(r), Explained: t.Denials.Seal(c.Account, c.UserID(), r, &d)}
		}
	}
	if a.Provider != "" {
		return &wire.Error{Code: "AccessDenied", Status: 403, Message: "Not authorized to perform " + a.Action}
	}
	// To another account AWS gives no reason, and so it does not tell which roles
	// there are.
	return &wire.Error{Code: "AccessDenied", Status: 403,
		Message: "User: " + c.Principal + " is not authorized to perform: " + a.Action + " on resource: " + a.RoleARN}
}

// limits puts the caller's own policies into a set.
func (id *Identity) limits(of *identity.Entity, set *policy.Set) {
	if of != nil {
		set.Identity, set.Boundary = of.Policies, of.Boundary
	}
	if len(id.Policies) > 0 { // of the credentials file
		set.Identity = slices.Concat(set.Identity, id.Policies)
	}
	if id.Session != nil {
		set.Session = id.Session.Policies
	}
}

// assumptionKeys answers for the condition keys of an Assumption.
type assumptionKeys struct {
	call      *wire.Call
	id        *Identity
	principal policy.Principal
	entity    *identity.Entity // the caller's; nil: IAM knows of none
	now       time.Time
	of        *Assumption
}

// Lookup implements policy.Context.
func (k *assumptionKeys) Lookup(key string) policy.Value {
	if v, ok := k.of.Keys[key]; ok {
		return v
	}
	if tag, ok := strings.CutPrefix(key, "aws:principaltag/"); ok {
		return k.id.tag(k.entity, tag)
	}
	if tag, ok := strings.CutPrefix(key, "aws:resourcetag/"); ok {
		return tagOf(k.of.Role, tag)
	}
	if tag, ok := strings.CutPrefix(key, "iam:resourcetag/"); ok {
		return tagOf(k.of.Role, tag)
	}
	if k.of.Provider == "" {
		if v, ok := k.caller(key); ok {
			return v
		}
	}
	switch key {
	case "aws:currenttime":
		return policy.One(k.now.UTC().Format(time.RFC3339))
	case "aws:epochtime":
		return policy.One(strconv.FormatInt(k.now.Unix(), 10))
	case "aws:securetransport":
		return policy.One(strconv.FormatBool(k.call.Secure))
	case "aws:sourceip":
		return policy.One(k.call.SourceIP)
	case "aws:requestedregion":
		return policy.One(k.call.Region)
	case "aws:resourceaccount":
		return policy.One(k.of.Account)
	case "aws:principalisawsservice", "aws:viaawsservice":
		return policy.One("false")
	}
	return policy.Value{}
}

// caller answers for the keys that are about who asks.
func (k *assumptionKeys) caller(key string) (policy.Value, bool) {
	s := k.id.Session
	switch key {
	case "aws:principalarn":
		if k.principal.Kind == policy.RoleSession {
			return policy.One(k.principal.Behind), true
		}
		return policy.One(k.principal.ARN), true
	case "aws:principalaccount":
		return policy.One(k.id.Account), true
	case "aws:principaltype":
		return policy.One(principalTypes[k.principal.Kind]), true
	case "aws:userid":
		return policy.One(k.call.UserID()), true
	case "aws:username":
		if k.principal.Kind == policy.User {
			return policy.One(userName(k.principal.ARN)), true
		}
	}
	if s == nil {
		return policy.Value{}, false
	}
	switch key {
	case "aws:tokenissuetime":
		return policy.One(s.IssuedAt.Format(time.RFC3339)), true
	case "aws:multifactorauthpresent":
		return policy.One("false"), true
	case "aws:sourceidentity":
		return policy.One(s.SourceIdentity), s.SourceIdentity != ""
	case "aws:federatedprovider":
		return policy.One(s.Provider), s.Provider != ""
	}
	v, ok := s.Claims[key]
	return policy.Many(v), ok
}

// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html#principaltable
var principalTypes = [...]string{policy.Anonymous: "Anonymous", policy.Root: "Account", policy.User: "User",
	policy.RoleSession: "AssumedRole", policy.FederatedUser: "FederatedUser", policy.Service: "", policy.Provider: ""}

// tag is a tag of the principal: of the session, or else of the user or role.
func (id *Identity) tag(of *identity.Entity, name string) policy.Value {
	if id.Session != nil {
		if v := policy.Tag(id.Session.Tags, name); !v.Absent() {
			return v
		}
	}
	return tagOf(of, name)
}

func tagOf(e *identity.Entity, name string) policy.Value {
	if e == nil {
		return policy.Value{}
	}
	return policy.Tag(e.Tags, name)
}
