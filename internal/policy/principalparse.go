package policy

import (
	"strings"

	"github.com/carillon-events/carillon/internal/arn"
)

// principalDraft is a Principal element as it was read.
type principalDraft struct {
	name     item
	everyone bool
	entries  []principalEntry
}

type principalEntry struct {
	kind   item
	values []item
}

func (p *parser) principal(name item) (*principalDraft, error) {
	d := &principalDraft{name: name}
	if p.next() == '"' {
		all, err := p.string("")
		if err == nil && all.text != "*" {
			err = p.refuse(all, principalInvalid+`"`+clip(all.text)+`"`, `a principal is "*", or an object with AWS, Service, Federated or CanonicalUser`)
		}
		d.everyone = true
		return d, err
	}
	err := p.object(`"*" or an object`, func(kind item) error {
		values, err := p.strings()
		d.entries = append(d.entries, principalEntry{kind, values})
		return err
	})
	return d, err
}

func (p *parser) compilePrincipals(d *draft, effect Effect) (*principals, error) {
	e := d.principal
	switch {
	case !p.kind.namesPrincipals() && e == nil:
		return nil, nil
	case !p.kind.namesPrincipals():
		return nil, p.refuse(e.name, principalUnexpected, "the principal of an "+Identity.String()+" is whoever has it")
	case e == nil:
		return nil, p.errorAt(d.from, d.place, principalMissing, "a statement of a "+p.kind.String()+" says for whom it is")
	case d.notThose && p.kind == Trust:
		return nil, p.refuse(e.name, "Has prohibited field NotPrincipal", "a role's trust policy has no NotPrincipal")
	case d.notThose && effect == Allow:
		return nil, p.refuse(e.name, syntaxError, "NotPrincipal is for statements that deny")
	}
	l := &principals{everyone: e.everyone}
	found := e.everyone
	for _, entry := range e.entries {
		if !entry.kind.oneOf("AWS", "Service", "Federated", "CanonicalUser") {
			return nil, p.refuse(entry.kind, syntaxError, "a principal is of the type AWS, Service, Federated or CanonicalUser")
		}
		for _, v := range entry.values {
			found = true
			if err := p.addPrincipal(l, entry.kind, v); err != nil {
				return nil, err
			}
		}
	}
	if !found {
		return nil, p.refuse(e.name, principalInvalid+`""`, "there must be at least one principal")
	}
	return l, nil
}

func (p *parser) addPrincipal(l *principals, kind, v item) error {
	invalid := func(reason string) error {
		return p.refuse(v, principalInvalid+`"`+clip(kind.text)+`":"`+clip(v.text)+`"`, reason)
	}
	switch {
	case kind.text == "AWS" && v.text == "*":
		l.everyone = true
		return nil
	case v.text == "" || strings.ContainsAny(v.text, "*?"):
		return invalid(`a principal has no wildcards, except for {"AWS": "*"}`)
	}
	switch kind.text {
	case "AWS":
		if !l.addARN(v.text) {
			return invalid("it must be the number of an account, or the ARN of an account's root, a user, a role or a session")
		}
	case "Service":
		l.services = append(l.services, v.text)
	case "Federated":
		l.federated = append(l.federated, v.text)
	case "CanonicalUser":
		l.canonicals = append(l.canonicals, v.text)
	}
	return nil
}

// addARN adds what {"AWS": …} names. The partition of an account's root does not
// matter: its number does.
func (l *principals) addARN(text string) bool {
	if arn.IsAccount(text) {
		l.accounts = append(l.accounts, text)
		return true
	}
	a, err := arn.Parse(text)
	if err != nil || a.Region != "" || !arn.IsAccount(a.Account) {
		return false
	}
	kind, name, _ := strings.Cut(a.Resource, "/")
	switch a.Service + ":" + kind {
	case "iam:root":
		if name != "" {
			return false
		}
		l.accounts = append(l.accounts, a.Account)
		return true
	case "iam:user", "iam:role", "sts:federated-user":
	case "sts:assumed-role":
		if !strings.Contains(name, "/") { // a role is not all of its sessions
			return false
		}
	default:
		return false
	}
	if name == "" {
		return false
	}
	l.arns = append(l.arns, text)
	return true
}

// Principals are the ARNs of users, roles and sessions that the document's
// statements name: IAM refuses a policy if one of them is not there.
func (d *Document) Principals() []string {
	var all []string
	for i := range d.statements {
		if l := d.statements[i].principals; l != nil {
			all = append(all, l.arns...)
		}
	}
	return all
}
