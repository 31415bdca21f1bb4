package policy

// compile turns the drafts into what requests are matched with.
func (p *parser) compile() (*Document, error) {
	d := &Document{kind: p.kind, text: p.text, id: p.id.text, variables: p.version.text == "2012-10-17"}
	sids := map[string]bool{}
	c := cursor{text: p.text, at: Position{1, 1}}
	for i := range p.drafts {
		draft := &p.drafts[i]
		if err := p.checkSid(draft.sid, sids); err != nil {
			return nil, err
		}
		s, err := p.compileStatement(draft, d.variables)
		if err != nil {
			return nil, err
		}
		s.start, s.end = c.move(draft.from), c.move(draft.to)
		d.statements = append(d.statements, s)
	}
	d.index = newIndex(d.statements)
	return d, nil
}

// checkSid: IAM wants Sids of letters and digits, each once; of other services'
// policies some want less.
func (p *parser) checkSid(sid item, seen map[string]bool) error {
	if sid.text == "" || p.kind == Resource {
		return nil
	}
	for _, c := range []byte(sid.text) {
		if !isAlphanumeric(c) {
			return p.refuse(sid, sidNotAlphanumeric, "a Sid has letters and digits only")
		}
	}
	if seen[sid.text] {
		return p.refuse(sid, sidNotUnique, "another statement has this Sid")
	}
	seen[sid.text] = true
	return nil
}

func isAlphanumeric(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

func (p *parser) compileStatement(d *draft, variables bool) (statement, error) {
	s := statement{sid: d.sid.text, notPrincipal: d.notThose, notAction: d.action.negate, notResource: d.resource.negate}
	var err error
	if s.effect, err = p.effect(d); err != nil {
		return s, err
	}
	if s.principals, err = p.compilePrincipals(d, s.effect); err != nil {
		return s, err
	}
	if s.actions, err = p.compileActions(d); err != nil {
		return s, err
	}
	if s.resources, err = p.compileResources(d, variables); err != nil {
		return s, err
	}
	for _, c := range d.condition {
		compiled, err := p.compileCondition(c, variables)
		if err != nil {
			return s, err
		}
		s.conditions = append(s.conditions, compiled)
	}
	return s, nil
}

// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_effect.html
func (p *parser) effect(d *draft) (Effect, error) {
	switch {
	case !d.effect.there():
		return Deny, p.errorAt(d.from, d.place, syntaxError, "a statement needs an Effect")
	case d.effect.text == "Allow":
		return Allow, nil
	case d.effect.text == "Deny":
		return Deny, nil
	}
	return Deny, p.refuse(d.effect, syntaxError, "an Effect is Allow or Deny, in this spelling")
}
