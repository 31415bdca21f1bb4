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
	r.Context = &assumptionKeys{call: c, id: id, now: t.Now(), of: &a}
	set := &policy.Set{MustBeTrusted: true}
	if a.Provider != "" {
		r.Principal = policy.Principal{Kind: policy.Provider, ARN: a.Provider}
	} else {
		r.Principal = id.principal()
		id.limits(set)
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
func (id *Identity) limits(set *policy.Set) {
	if id.Entity != nil {
		set.Identity, set.Boundary = id.Entity.Policies, id.Entity.Boundary
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
	call *wire.Call
	id   *Identity
	now  time.Time
	of   *Assumption
}

// Lookup implements policy.Context.
func (k *assumptionKeys) Lookup(key string) policy.Value {
	if v, ok := k.of.Keys[key]; ok {
		return v
	}
	if tag, ok := strings.CutPrefix(key, "aws:principaltag/"); ok {
		return k.id.tag(tag)
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
		if p := k.id.principal(); p.Kind == policy.RoleSession {
			return policy.One(p.Behind), true
		}
		return policy.One(k.id.Principal), true
	case "aws:principalaccount":
		return policy.One(k.id.Account), true
	case "aws:principaltype":
		return policy.One(principalTypes[k.id.principal().Kind]), true
	case "aws:userid":
		return policy.One(k.call.UserID()), true
	case "aws:username":
		if e := k.id.Entity; e != nil && e.Kind == identity.User && (s == nil || s.Name == "") {
			return policy.One(e.Name), true
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
func (id *Identity) tag(name string) policy.Value {
	if id.Session != nil {
		for tag, value := range id.Session.Tags {
			if strings.EqualFold(tag, name) {
				return policy.One(value)
			}
		}
	}
	return tagOf(id.Entity, name)
}

// tagOf finds a tag in any spelling; of several, the first in order.
func tagOf(e *identity.Entity, name string) policy.Value {
	if e == nil {
		return policy.Value{}
	}
	var found []string
	for tag := range e.Tags {
		if strings.EqualFold(tag, name) {
			found = append(found, tag)
		}
	}
	if len(found) == 0 {
		return policy.Value{}
	}
	return policy.One(e.Tags[slices.Min(found)])
}
