package policy

import (
	"slices"
	"strings"
)

// resourcePattern is one resource of a statement.
type resourcePattern struct {
	template
	any   bool // "*"
	plain bool // glob is enough
	ends       // of one without variables
}

// ends are the text before the first and after the last wildcard of a pattern.
// They are compared first, many bytes at a time; mostly that is all.
type ends struct {
	head, tail string
	middle     []byte
}

func endsOf(p []byte) ends {
	isMark := func(r byte) bool { return r >= oneMark }
	first := slices.IndexFunc(p, isMark)
	if first < 0 {
		return ends{head: string(p)}
	}
	last := len(p)
	for !isMark(p[last-1]) {
		last--
	}
	return ends{string(p[:first]), string(p[last:]), p[first:last]}
}

// fit matches as glob does with the whole pattern.
func (e *ends) fit(s string) bool {
	inner := len(s) - len(e.tail)
	if inner < len(e.head) || s[:len(e.head)] != e.head || s[inner:] != e.tail {
		return false
	}
	return glob(e.middle, s[len(e.head):inner])
}

func (p *parser) compileResources(d *draft, variables bool) ([]resourcePattern, error) {
	e := &d.resource
	switch {
	case p.kind == Trust && e.name.there():
		return nil, p.refuse(e.name, resourceUnexpected, "the resource of a trust policy is its role")
	case !e.name.there() && p.kind.namesPrincipals():
		// Some services' documentation shows policies without it, which are about
		// what they are attached to.
		return nil, nil
	case len(e.values) == 0:
		at, where := d.from, d.place
		if e.name.there() {
			at, where = e.name.at, e.name.place
		}
		return nil, p.errorAt(at, where, noResources, "a statement needs a Resource or a NotResource with at least one resource")
	}
	patterns := make([]resourcePattern, 0, len(e.values))
	for _, v := range e.values {
		r, err := p.compileResource(v, variables)
		if err != nil {
			return nil, err
		}
		patterns = append(patterns, r)
	}
	return patterns, nil
}

func (p *parser) compileResource(v item, variables bool) (resourcePattern, error) {
	if v.text == "*" {
		return resourcePattern{any: true}, nil
	}
	rest, arn := strings.CutPrefix(v.text, "arn:")
	_, rest, partition := strings.Cut(rest, ":")
	service, _, more := strings.Cut(rest, ":")
	switch {
	case !arn:
		return resourcePattern{}, p.refuse(v, "Resource "+clip(v.text)+" "+notAnARN, "it is neither")
	case !partition || service == "" || strings.ContainsAny(service, "*?"):
		return resourcePattern{}, p.refuse(v, vendorPattern, "the ARN must name a service, without wildcards")
	case !more:
		return resourcePattern{}, p.refuse(v, "Resource "+clip(v.text)+" "+notAnARN, "the ARN ends after its service")
	}
	t, wrong := newTemplate(v.text, variables, true)
	switch {
	case wrong != "":
		return resourcePattern{}, p.refuse(v, syntaxError, string(wrong))
	case t.variableBefore(header):
		return resourcePattern{}, p.refuse(v, syntaxError, "variables may stand only after the fifth colon of an ARN")
	}
	r := resourcePattern{template: t, plain: isPlain(t.fixed), ends: endsOf(t.fixed)}
	if t.parts != nil {
		// The header is in the first part, and what is filled in comes after it.
		r.plain = isPlain(t.parts[0].text)
	}
	return r, nil
}

func (p *resourcePattern) matches(resource string, c Context) bool {
	switch {
	case p.any:
		return true
	case p.parts == nil && p.plain:
		return p.fit(resource)
	case p.parts == nil:
		return matchResource(p.fixed, resource)
	}
	return p.matchesFilled(resource, c)
}

// matchesFilled: a resource with a variable that has no value is no resource.
func (p *resourcePattern) matchesFilled(resource string, c Context) bool {
	var b room
	pattern, ok := p.fill(&b, c)
	if !ok || p.plain {
		return ok && glob(pattern, resource)
	}
	return matchResource(pattern, resource)
}

// aboutResource tells whether the statement is about the resource.
func (s *statement) aboutResource(resource string, c Context) bool {
	if len(s.resources) == 0 {
		return true
	}
	for i := range s.resources {
		if s.resources[i].matches(resource, c) {
			return !s.notResource
		}
	}
	return s.notResource
}
