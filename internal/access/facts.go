package access

import (
	"strconv"
	"strings"
	"time"

	"github.com/carillon-events/carillon/internal/policy"
	"github.com/carillon-events/carillon/internal/wire"
)

// Lookup answers for the condition keys of the request, those that are the same
// for every service; for others it asks the service. It implements policy.Context.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
func (t *trial) Lookup(key string) policy.Value {
	name, global := strings.CutPrefix(key, "aws:")
	if !global {
		return t.ofService(key)
	}
	switch kind, tag, _ := strings.Cut(name, "/"); kind {
	case "principaltag":
		if t.id.Session == nil {
			return tagOf(t.entity, tag)
		}
		return t.id.tag(tag)
	case "requesttag", "resourcetag", "tagkeys":
		return t.ofService(key)
	}
	if v := t.ofPrincipal(name); !v.Absent() {
		return v
	}
	return t.ofRequest(name)
}

// ofService are keys that the service knows, and those of whoever vouched for a web
// identity.
func (t *trial) ofService(key string) policy.Value {
	c := t.call
	if t.id.Session != nil && len(t.id.Session.Claims) > 0 {
		if v, ok := t.id.Session.Claims[key]; ok {
			return policy.Many(v)
		}
	}
	if c.Rights == nil || c.Rights.Keys == nil {
		return policy.Value{}
	}
	return c.Rights.Keys(t.ctx, c, wire.Question{Action: t.request.Action, Resource: t.request.Resource, About: c.About}, key)
}

// ofPrincipal are the keys about who calls.
func (t *trial) ofPrincipal(name string) policy.Value {
	p := &t.request.Principal
	if p.Kind == policy.Service && name != "principalisawsservice" {
		return ofServicePrincipal(name, p.ARN)
	}
	switch name {
	case "principalarn":
		if p.Kind == policy.RoleSession {
			return policy.One(p.Behind)
		}
		return policy.One(p.ARN)
	case "principalaccount":
		return policy.One(p.Account)
	case "principaltype":
		return policy.One(principalTypes[p.Kind])
	case "principalisawsservice":
		return policy.One(strconv.FormatBool(p.Kind == policy.Service))
	case "viaawsservice":
		return policy.One("false")
	case "userid":
		return policy.One(t.userID())
	case "username":
		if p.Kind == policy.User {
			return policy.One(userName(p.ARN))
		}
	}
	if t.id.Session == nil {
		return policy.Value{}
	}
	return t.ofSession(name)
}

// ofSession are the keys that temporary credentials have.
func (t *trial) ofSession(name string) policy.Value {
	s := t.id.Session
	switch name {
	case "tokenissuetime":
		return policy.One(s.IssuedAt.UTC().Format(time.RFC3339))
	case "multifactorauthpresent":
		return policy.One("false")
	case "sourceidentity":
		if s.SourceIdentity != "" {
			return policy.One(s.SourceIdentity)
		}
	case "federatedprovider":
		if s.Provider != "" {
			return policy.One(s.Provider)
		}
	}
	return policy.Value{}
}

// ofRequest are the keys about the request.
func (t *trial) ofRequest(name string) policy.Value {
	c := t.call
	switch name {
	case "currenttime":
		return policy.One(t.Now().UTC().Format(time.RFC3339))
	case "epochtime":
		return policy.One(strconv.FormatInt(t.Now().Unix(), 10))
	case "sourceip":
		return policy.One(c.SourceIP)
	case "securetransport":
		return policy.One(strconv.FormatBool(c.Secure))
	case "requestedregion":
		return policy.One(c.Region)
	case "resourceaccount":
		if t.request.ResourceAccount != "" {
			return policy.One(t.request.ResourceAccount)
		}
		return policy.One(t.request.Principal.Account)
	case "useragent":
		return header(c, "User-Agent")
	case "referer":
		return header(c, "Referer")
	}
	return policy.Value{}
}

func header(c *wire.Call, name string) policy.Value {
	if v := c.Header[name]; len(v) > 0 {
		return policy.One(v[0])
	}
	return policy.Value{}
}

// userID is aws:userid: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html#principaltable
func (t *trial) userID() string {
	if t.entity != nil && t.id.Session == nil {
		return t.entity.ID
	}
	return t.call.UserID()
}
