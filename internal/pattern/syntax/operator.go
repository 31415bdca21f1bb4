package syntax

const oneKey = "Only one key allowed in match expression"

// operator reads a match expression, {"prefix": "x"}, whose brace was read.
func (p *parser) operator() (Test, error) {
	t, err := p.next()
	if err != nil {
		return Test{}, err
	}
	if t != tokenName {
		return Test{}, p.fail("Match expression name not found")
	}
	switch name := p.name; name {
	case "exactly":
		return p.stringOperator(Equal, "exact match pattern must be a string")
	case "prefix":
		return p.affix(Prefix, PrefixFold, name, "Prefix")
	case "suffix":
		return p.affix(Suffix, SuffixFold, name, "Suffix")
	case "equals-ignore-case":
		return p.stringOperator(EqualFold, "equals-ignore-case match pattern must be a string")
	case "wildcard":
		return p.wildcard()
	case "cidr":
		return p.cidr()
	case "numeric":
		return p.numeric()
	case "exists":
		return p.exists()
	case "anything-but":
		return p.anythingBut()
	default:
		return Test{}, p.fail("Unrecognized match type " + name)
	}
}

// end reads the brace that must follow.
func (p *parser) end(otherwise string) error {
	t, err := p.next()
	if err == nil && t != tokenObjectEnd {
		err = p.fail(otherwise)
	}
	return err
}

// stringValue reads a string that must follow.
func (p *parser) stringValue(otherwise string) (string, error) {
	t, err := p.next()
	if err != nil {
		return "", err
	}
	if t != tokenString {
		return "", p.fail(otherwise)
	}
	return p.text()
}

func (p *parser) stringOperator(kind Kind, otherwise string) (Test, error) {
	text, err := p.stringValue(otherwise)
	if err != nil {
		return Test{}, err
	}
	return Test{Kind: kind, Text: text}, p.end(oneKey)
}

// affix reads a prefix or suffix, plain or {"equals-ignore-case": "x"}.
func (p *parser) affix(plain, fold Kind, name, title string) (Test, error) {
	t, err := p.next()
	if err != nil {
		return Test{}, err
	}
	if t == tokenString {
		text, err := p.text()
		if err != nil {
			return Test{}, err
		}
		return Test{Kind: plain, Text: text}, p.end(oneKey)
	}
	if t != tokenObject {
		return Test{}, p.fail(name + " match pattern must be a string")
	}
	if t, err = p.next(); err != nil {
		return Test{}, err
	}
	if t != tokenName {
		return Test{}, p.fail(title + " expression name not found")
	}
	if p.name != "equals-ignore-case" {
		return Test{}, p.fail("Unsupported " + name + " pattern: " + p.name)
	}
	test, err := p.stringOperator(fold, "equals-ignore-case match pattern must be a string")
	if err != nil {
		return Test{}, err
	}
	return test, p.end(oneKey)
}

func (p *parser) wildcard() (Test, error) {
	text, err := p.stringValue("wildcard match pattern must be a string")
	if err != nil {
		return Test{}, err
	}
	glob, reason := ParseGlob(text)
	if reason != "" {
		return Test{}, p.fail(reason)
	}
	return Test{Kind: Wildcard, Globs: []Glob{glob}}, p.end(oneKey)
}

func (p *parser) cidr() (Test, error) {
	// AWS does say prefix here.
	text, err := p.stringValue("prefix match pattern must be a string")
	if err != nil {
		return Test{}, err
	}
	block, reason := parseBlock(text)
	if reason != "" {
		return Test{}, &Error{reason}
	}
	return Test{Kind: IP, IP: block}, p.end(oneKey)
}

func (p *parser) exists() (Test, error) {
	t, err := p.next()
	if err != nil {
		return Test{}, err
	}
	switch t {
	case tokenTrue:
		return Test{Kind: Exists}, p.end(oneKey)
	case tokenFalse:
		return Test{Kind: Absent}, p.end(oneKey)
	}
	return Test{}, p.fail("exists match pattern must be either true or false.")
}
