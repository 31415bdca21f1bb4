package syntax

const (
	butListMember = "Inside anything but list, start|null|boolean is not supported."
	butListMixed  = "Inside anything but list, either all values are number or string, mixed type is not supported"
	butListFold   = "Inside anything-but/equals-ignore-case list, number|start|null|boolean is not supported."
)

// nestable are the operators that anything-but takes.
var nestable = map[string]Kind{
	"prefix":             NotPrefix,
	"suffix":             NotSuffix,
	"equals-ignore-case": NotEqualFold,
	"wildcard":           NotWildcard,
}

// anythingBut reads a value, a list of values, or one nested operator with
// either.
func (p *parser) anythingBut() (Test, error) {
	t, err := p.next()
	if err != nil {
		return Test{}, err
	}
	if t != tokenObject {
		test, err := p.butValue(t)
		if err != nil {
			return Test{}, err
		}
		return test, p.end(tooManyElements)
	}
	if t, err = p.next(); err != nil {
		return Test{}, err
	}
	if t != tokenName {
		return Test{}, p.fail("Anything-But expression name not found")
	}
	kind, ok := nestable[p.name]
	if !ok {
		return Test{}, p.fail("Unsupported anything-but pattern: " + p.name)
	}
	test, err := p.butNested(kind)
	if err != nil {
		return Test{}, err
	}
	if err := p.end(tooManyElements); err != nil {
		return Test{}, err
	}
	return test, p.end(tooManyElements)
}

// butHead refuses a value of anything-but that is neither list nor scalar.
func (p *parser) butHead(t token) error {
	if t == tokenArray || t == tokenString || t == tokenNumber {
		return nil
	}
	return p.fail("Value of anything-but must be an array or single string/number value.")
}

func (p *parser) butValue(t token) (Test, error) {
	if err := p.butHead(t); err != nil {
		return Test{}, err
	}
	if t == tokenArray {
		return p.butList()
	}
	text, err := p.text()
	if err != nil {
		return Test{}, err
	}
	if t == tokenString {
		return Test{Kind: NotString, Texts: []string{text}}, nil
	}
	v := ParseDecimal(text)
	if !v.Comparable {
		return Test{}, &Error{cannotCompare + text}
	}
	return Test{Kind: NotNumber, Numbers: []Decimal{v}}, nil
}

// butList reads a list of only strings or only numbers.
func (p *parser) butList() (Test, error) {
	var texts []string
	var numbers []Decimal
	err := p.eachMember(func(t token) error {
		if t != tokenString && t != tokenNumber {
			return p.fail(butListMember)
		}
		text, err := p.text()
		if err != nil {
			return err
		}
		if t == tokenString {
			texts = append(texts, text)
			return nil
		}
		v := ParseDecimal(text)
		if !v.Comparable {
			return &Error{cannotCompare + text} // eachMember adds the place
		}
		numbers = append(numbers, v)
		return nil
	})
	switch {
	case err != nil:
		return Test{}, err
	case (len(texts) == 0) == (len(numbers) == 0):
		return Test{}, p.fail(butListMixed)
	case len(texts) > 0:
		return Test{Kind: NotString, Texts: texts}, nil
	}
	return Test{Kind: NotNumber, Numbers: numbers}, nil
}

// eachMember calls fn on the members of an array up to its end. AWS adds the
// place to any error from inside, also where the error tells it already.
func (p *parser) eachMember(fn func(t token) error) error {
	for {
		t, err := p.next()
		if err == nil && t == tokenArrayEnd {
			return nil
		}
		if err == nil {
			err = fn(t)
		}
		if err != nil {
			return p.fail(err.Error())
		}
	}
}

// butNested reads what follows the name of a nested operator.
func (p *parser) butNested(kind Kind) (Test, error) {
	t, err := p.next()
	if err != nil {
		return Test{}, err
	}
	if err := p.butHead(t); err != nil {
		return Test{}, err
	}
	var texts []string
	member := func(t token) error {
		text, err := p.butText(t, kind)
		texts = append(texts, text)
		return err
	}
	if t == tokenArray {
		err = p.eachMember(member)
	} else {
		err = member(t)
	}
	if err != nil {
		return Test{}, err
	}
	if len(texts) == 0 {
		return Test{}, p.fail("Empty arrays are not allowed")
	}
	if kind != NotWildcard {
		return Test{Kind: kind, Texts: texts}, nil
	}
	globs, reason := parseGlobs(texts)
	if reason != "" {
		return Test{}, p.fail(reason)
	}
	return Test{Kind: kind, Globs: globs}, nil
}

func (p *parser) butText(t token, kind Kind) (string, error) {
	if t != tokenString {
		switch kind {
		case NotEqualFold:
			return "", p.fail(butListFold)
		case NotWildcard:
			return "", p.fail("wildcard match pattern must be a string")
		}
		return "", p.fail("prefix/suffix match pattern must be a string")
	}
	text, err := p.text()
	if err == nil && text == "" && (kind == NotPrefix || kind == NotSuffix) {
		err = p.fail("Null prefix/suffix not allowed")
	}
	return text, err
}
