package syntax

const (
	tooManyElements = "Too many elements in numeric expression"
	tooManyTerms    = "Too many terms in numeric range expression"
)

// numeric reads ["=", 5], ["<", 5], [">", 0, "<=", 5] and their like.
func (p *parser) numeric() (Test, error) {
	t, err := p.next()
	if err != nil {
		return Test{}, err
	}
	if t != tokenArray {
		return Test{}, p.fail("Value of numeric must be an array.")
	}
	test, err := p.numericTerms()
	if err != nil {
		return Test{}, err
	}
	return test, p.end(tooManyElements)
}

func (p *parser) numericTerms() (Test, error) {
	operator, err := p.numericOperator("Invalid member in numeric match: ")
	if err != nil {
		return Test{}, err
	}
	t, err := p.next()
	if err != nil {
		return Test{}, err
	}
	switch operator {
	case "=":
		v, err := p.lastNumber(t, "equals", tooManyElements)
		return Test{Kind: Number, Number: v}, err
	case "<", "<=":
		v, err := p.lastNumber(t, operator, tooManyElements)
		return Test{Kind: Range, Range: Bounds{High: v.Value, HasHigh: true, OpenHigh: operator == "<"}}, err
	case ">", ">=":
		return p.lowerBound(t, operator)
	}
	return Test{}, p.fail("Unrecognized numeric range operator: " + operator)
}

// lowerBound reads what follows a > or >=: the number t, and perhaps an upper bound.
func (p *parser) lowerBound(t token, operator string) (Test, error) {
	low, err := p.numberHere(t, operator)
	if err != nil {
		return Test{}, err
	}
	bounds := Bounds{HasLow: true, OpenLow: operator == ">"}
	if t, err = p.next(); err != nil {
		return Test{}, err
	}
	if t == tokenArrayEnd {
		bounds.Low = low.Value
		return Test{Kind: Range, Range: bounds}, p.comparable(low)
	}
	upper, err := p.upperOperator(t)
	if err != nil {
		return Test{}, err
	}
	if t, err = p.next(); err != nil {
		return Test{}, err
	}
	high, err := p.numberHere(t, upper)
	if err != nil {
		return Test{}, err
	}
	if t, err = p.next(); err != nil {
		return Test{}, err
	}
	if t != tokenArrayEnd {
		return Test{}, p.fail(tooManyTerms)
	}
	if err := p.comparable(low, high); err != nil {
		return Test{}, err
	}
	if low.Value >= high.Value {
		return Test{}, p.fail("Bottom must be less than top")
	}
	bounds.Low, bounds.High, bounds.HasHigh, bounds.OpenHigh = low.Value, high.Value, true, upper == "<"
	return Test{Kind: Range, Range: bounds}, nil
}

func (p *parser) upperOperator(t token) (string, error) {
	text, err := p.text()
	switch {
	case err != nil:
		return "", err
	case t != tokenString:
		return "", p.fail("Bad value in numeric range: " + text)
	case text != "<" && text != "<=":
		return "", p.fail("Bad numeric range operator: " + text)
	}
	return text, nil
}

func (p *parser) numericOperator(otherwise string) (string, error) {
	t, err := p.next()
	if err != nil {
		return "", err
	}
	text, err := p.text()
	if err == nil && t != tokenString {
		err = p.fail(otherwise + text)
	}
	return text, err
}

// numberHere is the number that the reader stands on.
func (p *parser) numberHere(t token, operator string) (Decimal, error) {
	if t != tokenNumber {
		return Decimal{}, p.fail("Value of " + operator + " must be numeric")
	}
	text, err := p.text()
	return ParseDecimal(text), err
}

// lastNumber is the number that the reader stands on, and the bracket after it.
func (p *parser) lastNumber(t token, operator, otherwise string) (Decimal, error) {
	v, err := p.numberHere(t, operator)
	if err != nil {
		return v, err
	}
	if t, err = p.next(); err != nil {
		return v, err
	}
	if t != tokenArrayEnd {
		return v, p.fail(otherwise)
	}
	return v, p.comparable(v)
}

// comparable refuses numbers that AWS cannot put in order.
func (p *parser) comparable(values ...Decimal) error {
	for _, v := range values {
		if !v.Comparable {
			return p.fail(cannotCompare + v.Text)
		}
	}
	return nil
}

const cannotCompare = "Cannot compare number : "
