package access

import (
	"strings"

	"github.com/carillon-events/carillon/internal/identity"
	"github.com/carillon-events/carillon/internal/policy"
)

// principal is the caller as policies know him.
func (id *Identity) principal() policy.Principal {
	p := policy.Principal{Kind: policy.User, ARN: id.Principal, Account: id.Account}
	switch {
	case isService(id.Principal):
		p.Kind = policy.Service
	case strings.HasSuffix(id.Principal, ":root"):
		p.Kind = policy.Root
	case id.Session != nil || strings.HasPrefix(id.Principal, "arn:aws:sts:"):
		if session, ok := policy.ParsePrincipal(id.Principal); ok {
			p = session
		}
		switch {
		case p.Kind != policy.RoleSession && p.Kind != policy.FederatedUser:
		case id.Entity != nil:
			p.Behind = id.Entity.ARN
		case p.Kind == policy.FederatedUser && id.Session != nil:
			p.Behind = id.Session.Behind // which is a root only if a root asked for the session
		}
	}
	return p
}

// users are those of IAM: an *identity.Directory.
type users interface {
	User(account, name string) (*identity.Entity, bool)
}

// settled is the caller as policies know him, and the user or role behind him. Who
// has a key of the file may be a user of IAM, too: then its policies are his.
func (id *Identity) settled(known users) (policy.Principal, *identity.Entity) {
	p := id.principal()
	if id.Entity != nil || known == nil {
		return p, id.Entity
	}
	of := &p.ARN
	switch p.Kind {
	case policy.User:
	case policy.FederatedUser: // has at most what the user has who asked for it
		of = &p.Behind
	default:
		return p, nil
	}
	e, ok := known.User(p.Account, userName(*of))
	if !ok || !isUser(*of, e) {
		return p, nil
	}
	*of = e.ARN
	return p, e
}

// isService: services have names where everybody else has an ARN.
func isService(principal string) bool {
	return strings.HasSuffix(principal, ".amazonaws.com") && !strings.HasPrefix(principal, "arn:")
}

// userName is the name in a user's ARN, without its path.
func userName(arn string) string {
	i := strings.Index(arn, ":user/")
	if i < 0 {
		return ""
	}
	return arn[max(i+len(":user"), strings.LastIndexByte(arn, '/'))+1:]
}

// isUser: the ARN of a user may leave out its path, as credentials files do.
func isUser(arn string, e *identity.Entity) bool {
	return arn == e.ARN || strings.HasSuffix(arn, ":user/"+e.Name)
}
