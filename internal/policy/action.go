package policy

import (
	"slices"
	"strings"
)

// actionPattern is one action of a statement, in lower case: prefix and name are
// case insensitive.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_action.html
type actionPattern struct {
	service string // "sqs"; empty: every action of every service
	name    []byte // a pattern for glob
}

func (p *parser) compileActions(d *draft) ([]actionPattern, error) {
	if len(d.action.values) == 0 {
		at, where := d.from, d.place
		if d.action.name.there() {
			at, where = d.action.name.at, d.action.name.place
		}
		return nil, p.errorAt(at, where, noActions, "a statement needs an Action or a NotAction with at least one action")
	}
	patterns := make([]actionPattern, 0, len(d.action.values))
	for _, v := range d.action.values {
		a, err := p.compileAction(v)
		if err != nil {
			return nil, err
		}
		if p.kind == Trust && !d.action.negate && !a.assumesRoles() {
			return nil, p.refuse(v, notSTS, "no action of sts that has to do with assuming a role has this name")
		}
		patterns = append(patterns, a)
	}
	return patterns, nil
}

func (p *parser) compileAction(v item) (actionPattern, error) {
	if v.text == "*" || v.text == "*:*" {
		return actionPattern{}, nil
	}
	service, name, colon := strings.Cut(v.text, ":")
	switch {
	case !colon || service == "":
		return actionPattern{}, p.refuse(v, noVendor, "an action is * or SERVICE:NAME")
	case strings.Contains(name, ":"):
		return actionPattern{}, p.refuse(v, manyColons, "an action is * or SERVICE:NAME")
	case strings.ContainsFunc(service, func(r rune) bool { return r != '-' && (r > 'z' || !isAlphanumeric(byte(r))) }):
		return actionPattern{}, p.refuse(v, syntaxError, "wildcards are for the action's name; a service has letters, digits and hyphens")
	case name == "" || strings.ContainsFunc(name, func(r rune) bool { return r <= ' ' }):
		return actionPattern{}, p.refuse(v, syntaxError, "there must be an action's name after the colon")
	}
	return actionPattern{lower(service), wildcards(lower(name))}, nil
}

// lower is ASCII's lower case: no service and no action has another letter.
func lower(s string) string {
	b := []byte(s)
	for i, c := range b {
		b[i] = lowerByte(c)
	}
	return string(b)
}

func lowerByte(c byte) byte {
	if c >= 'A' && c <= 'Z' {
		c += 'a' - 'A'
	}
	return c
}

// assumingRoles are the actions that a trust policy is asked about.
var assumingRoles = []string{"assumerole", "assumerolewithsaml", "assumerolewithwebidentity", "assumeroot", "setcontext", "setsourceidentity", "tagsession"}

func (a *actionPattern) assumesRoles() bool {
	return a.service == "sts" && slices.ContainsFunc(assumingRoles, func(s string) bool { return glob(a.name, s) })
}

// action is the action of a request, taken apart.
type action struct {
	text string
	cut  int // of the colon
	hash uint32
}

func splitAction(text string) action {
	a := action{text: text, cut: strings.IndexByte(text, ':')}
	if a.cut < 0 {
		a.cut = len(text)
	}
	a.hash = hashService(text[:a.cut])
	return a
}

func (a *action) service() string { return a.text[:a.cut] }

func (a *action) name() string { return a.text[min(a.cut+1, len(a.text)):] }

// hashService is FNV-1a of the lower case.
func hashService(s string) uint32 {
	h := uint32(2166136261)
	for i := range len(s) {
		h = (h ^ uint32(lowerByte(s[i]))) * 16777619
	}
	return h
}

// isService compares with a name that is in lower case.
func isService(low, s string) bool {
	if len(low) != len(s) {
		return false
	}
	for i := range len(s) {
		if low[i] != lowerByte(s[i]) {
			return false
		}
	}
	return true
}

// aboutAction tells whether the statement is about the action.
func (s *statement) aboutAction(a *action) bool {
	for i := range s.actions {
		p := &s.actions[i]
		if p.service == "" || isService(p.service, a.service()) && globFold(p.name, a.name()) {
			return !s.notAction
		}
	}
	return s.notAction
}

// index leads from a service to the statements that may be about an action of
// it, so that the many others cost nothing.
type index struct {
	buckets    []bucket
	everywhere []uint32 // about actions of every service, or of all but some
}

type bucket struct {
	service    string
	hash       uint32
	statements []uint32
}

func newIndex(statements []statement) index {
	var x index
	known := map[string]int{}
	for i := range statements {
		s := &statements[i]
		if s.notAction || slices.ContainsFunc(s.actions, func(a actionPattern) bool { return a.service == "" }) {
			x.everywhere = append(x.everywhere, uint32(i))
			continue
		}
		for _, a := range s.actions {
			b, ok := known[a.service]
			if !ok {
				b = len(x.buckets)
				known[a.service] = b
				x.buckets = append(x.buckets, bucket{service: a.service, hash: hashService(a.service)})
			}
			if all := x.buckets[b].statements; len(all) == 0 || all[len(all)-1] != uint32(i) {
				x.buckets[b].statements = append(all, uint32(i))
			}
		}
	}
	return x
}

// of is which statements, besides those of everywhere, may be about a.
func (x *index) of(a *action) []uint32 {
	for i := range x.buckets {
		if b := &x.buckets[i]; b.hash == a.hash && isService(b.service, a.service()) {
			return b.statements
		}
	}
	return nil
}
