package policy

import (
	"slices"
	"strings"

	"github.com/carillon-events/carillon/internal/arn"
)

// PrincipalKind is what a principal is.
type PrincipalKind uint8

const (
	Anonymous     PrincipalKind = iota
	Root                        // of an account
	User                        // of IAM
	RoleSession                 // a role that was assumed
	FederatedUser               // a session of GetFederationToken
	Service                     // of the platform, in its own name
	Provider                    // an identity provider vouches for somebody who has no session yet
)

// Principal is who asks.
type Principal struct {
	Kind PrincipalKind
	// ARN is the principal's own: of a session, the session's
	// (arn:aws:sts::123456789012:assumed-role/r/s). Of a service it is its name
	// (events.amazonaws.com), of a provider what policies call it.
	ARN     string
	Account string // 12 digits; empty of who has none
	// Behind is the ARN of a session's role, with its path, or of the user or root
	// that a federated user came from.
	Behind string
	// CanonicalUser is how S3's policies may call the account.
	CanonicalUser string
}

// ParsePrincipal is the principal that has an ARN, as far as the ARN tells: the
// role behind a session has no path then, and a federated user nobody behind it.
func ParsePrincipal(text string) (Principal, bool) {
	a, err := arn.Parse(text)
	if err != nil || !arn.IsAccount(a.Account) {
		return Principal{}, false
	}
	p := Principal{ARN: text, Account: a.Account}
	kind, name, _ := strings.Cut(a.Resource, "/")
	switch a.Service + ":" + kind {
	case "iam:root":
		p.Kind = Root
		return p, a.Resource == "root"
	case "iam:user":
		p.Kind = User
	case "sts:federated-user":
		p.Kind = FederatedUser
	case "sts:assumed-role":
		role, session, _ := strings.Cut(name, "/")
		p.Kind = RoleSession
		p.Behind = arn.ARN{Partition: a.Partition, Service: "iam", Account: a.Account, Resource: "role/" + role}.String()
		return p, role != "" && session != ""
	default:
		return Principal{}, false
	}
	return p, name != ""
}

// name is what AccessDenied calls the principal.
func (p *Principal) name() string {
	if p.Kind == Anonymous {
		return "anonymous"
	}
	return p.ARN
}

// hasAccount: identity policies are asked about it.
func (p *Principal) hasAccount() bool {
	return p.Kind == Root || p.Kind == User || p.Kind == RoleSession || p.Kind == FederatedUser
}

// principals are who a statement is for.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
type principals struct {
	everyone   bool
	arns       []string // users, roles and sessions
	accounts   []string // 12 digits
	services   []string
	federated  []string
	canonicals []string
}

// grant is how directly a statement of a resource's policy means a principal.
// What limits an identity's permissions limits an indirect one, too.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-denyallow.html
type grant uint8

const (
	notMeant  grant = iota
	byAccount       // its account is: it is left to identity policies who in it
	byEntity        // the role or user behind a session is: limited by boundary and session
	byName          // it is, or everyone is: limited by nothing
)

func (l *principals) means(p *Principal) grant {
	switch {
	case l.everyone:
		return byName
	case p.Kind == Anonymous:
		return notMeant
	case p.Kind == Service:
		return byNameIf(slices.Contains(l.services, p.ARN))
	case p.Kind == Provider:
		return byNameIf(slices.Contains(l.federated, p.ARN))
	case p.Kind != Root && slices.Contains(l.arns, p.ARN):
		return byName
	case p.Behind != "" && slices.Contains(l.arns, p.Behind):
		return byEntity
	case !l.meansAccount(p):
		return notMeant
	case p.Kind == Root:
		return byName
	}
	return byAccount
}

func byNameIf(is bool) grant {
	if is {
		return byName
	}
	return notMeant
}

func (l *principals) meansAccount(p *Principal) bool {
	return slices.Contains(l.accounts, p.Account) || p.CanonicalUser != "" && slices.Contains(l.canonicals, p.CanonicalUser)
}

// spares tells whether a statement with NotPrincipal leaves p alone. AWS looks at
// the account, then at the role, then at the session, and denies what one of them
// is denied; and it denies everybody who has a permissions boundary.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_notprincipal.html
func (l *principals) spares(p *Principal, bounded bool) bool {
	if !p.hasAccount() {
		return l.means(p) == byName
	}
	if bounded && p.Kind != Root {
		return false
	}
	if l.everyone {
		return true
	}
	named := p.Kind == Root || slices.Contains(l.arns, p.ARN)
	behind := p.Behind == "" || slices.Contains(l.arns, p.Behind) || isRootOf(p.Behind, p.Account)
	return l.meansAccount(p) && named && behind
}

func isRootOf(arn, account string) bool {
	return strings.HasPrefix(arn, "arn:") && strings.HasSuffix(arn, ":iam::"+account+":root")
}

// meant is how directly the statement is about p.
func (s *statement) meant(p *Principal, bounded bool) grant {
	switch {
	case s.principals == nil:
		return byName
	case !s.notPrincipal:
		return s.principals.means(p)
	case s.principals.spares(p, bounded):
		return notMeant
	}
	return byName
}
