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
		case p.Kind == policy.FederatedUser:
			p.Behind = "arn:aws:iam::" + id.Account + ":root"
		}
	}
	return p
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
