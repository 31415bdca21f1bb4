package policy

import "strings"

// condition is one key of a Condition element: what a request has for it is
// tested with the values. All conditions of a statement must hold.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
type condition struct {
	operator
	qualifier qualifier
	ifExists  bool
	key       string // in lower case
	spelling  string // as the document has it
	operands  []operand
}

// operator is how one value of a request is tested with one of the policy. Of
// several values in the policy one must match; negated, none of them may.
type operator struct {
	family  family
	order   order
	negated bool
}

type family uint8

const (
	stringEquals family = iota
	stringFolded
	stringLike
	arnLike
	numeric
	date
	boolean
	binary
	address
	null
)

// hasVariables: ${…} in values are replaced. The two pages that say so disagree
// about Bool; the one on operators is the later.
func (f family) hasVariables() bool { return f <= arnLike || f == boolean }

// order is what the comparison of the request's value with the policy's must be.
type order uint8

const (
	equal order = iota
	less
	lessOrEqual
	greater
	greaterOrEqual
)

func (o order) holds(compared int) bool {
	switch o {
	case less:
		return compared < 0
	case lessOrEqual:
		return compared <= 0
	case greater:
		return compared > 0
	case greaterOrEqual:
		return compared >= 0
	}
	return compared == 0
}

var operators = map[string]operator{
	"StringEquals":              {family: stringEquals},
	"StringNotEquals":           {family: stringEquals, negated: true},
	"StringEqualsIgnoreCase":    {family: stringFolded},
	"StringNotEqualsIgnoreCase": {family: stringFolded, negated: true},
	"StringLike":                {family: stringLike},
	"StringNotLike":             {family: stringLike, negated: true},
	"ArnEquals":                 {family: arnLike},
	"ArnLike":                   {family: arnLike},
	"ArnNotEquals":              {family: arnLike, negated: true},
	"ArnNotLike":                {family: arnLike, negated: true},
	"NumericEquals":             {family: numeric},
	"NumericNotEquals":          {family: numeric, negated: true},
	"NumericLessThan":           {family: numeric, order: less},
	"NumericLessThanEquals":     {family: numeric, order: lessOrEqual},
	"NumericGreaterThan":        {family: numeric, order: greater},
	"NumericGreaterThanEquals":  {family: numeric, order: greaterOrEqual},
	"DateEquals":                {family: date},
	"DateNotEquals":             {family: date, negated: true},
	"DateLessThan":              {family: date, order: less},
	"DateLessThanEquals":        {family: date, order: lessOrEqual},
	"DateGreaterThan":           {family: date, order: greater},
	"DateGreaterThanEquals":     {family: date, order: greaterOrEqual},
	"Bool":                      {family: boolean},
	"BinaryEquals":              {family: binary},
	"IpAddress":                 {family: address},
	"NotIpAddress":              {family: address, negated: true},
	"Null":                      {family: null},
}

// qualifier is how the values of a key that may have many are taken.
type qualifier uint8

const (
	unqualified qualifier = iota
	forAllValues
	forAnyValue
)

func (p *parser) compileCondition(d conditionDraft, variables bool) (condition, error) {
	c := condition{key: strings.ToLower(d.key.text), spelling: d.key.text}
	name, all := strings.CutPrefix(d.operator.text, "ForAllValues:")
	name, anyOf := strings.CutPrefix(name, "ForAnyValue:")
	name, c.ifExists = strings.CutSuffix(name, "IfExists")
	var known bool
	c.operator, known = operators[name]
	if !known || all && anyOf || c.family == null && (all || anyOf || c.ifExists) {
		return c, p.refuse(d.operator, conditionUnknown+clip(d.operator.text)+".", "there is no such operator")
	}
	if vendor, _, colon := strings.Cut(d.key.text, ":"); !colon || vendor == "" {
		return c, p.refuse(d.key, noVendor, "a condition key is VENDOR:NAME")
	}
	switch {
	case all:
		c.qualifier = forAllValues
	case anyOf:
		c.qualifier = forAnyValue
	}
	for _, v := range d.values {
		o, wrong := newOperand(c.family, v.text, variables)
		if wrong != "" {
			return c, p.refuse(v, syntaxError, wrong)
		}
		c.operands = append(c.operands, o)
	}
	return c, nil
}

// holds tells whether the condition is fulfilled.
//
// A key that the request does not have matches nothing: so an operator fails, and
// a negated one holds. https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html
// has what is different with a qualifier: then an empty value is as good as none,
// and a negated operator is asked of each value by itself.
func (c *condition) holds(context Context) bool {
	v := lookup(context, c.key)
	switch {
	case c.family == null:
		return c.isNull(v.null())
	case v.len() == 0 && c.ifExists:
		return true
	case c.qualifier == forAllValues:
		return v.null() || c.count(&v, context, !c.negated) == v.len()
	case c.qualifier == forAnyValue:
		return !v.null() && c.count(&v, context, !c.negated) > 0
	}
	// AWS says that a key with many values needs a qualifier, and not what happens
	// without: one that matches is enough, and negated, one is too many.
	return (c.count(&v, context, true) > 0) != c.negated
}

// count is for how many values of the request it is so that one of the policy's
// matches, or that none does.
func (c *condition) count(v *Value, context Context, matched bool) int {
	n := 0
	for i := range v.len() {
		if c.matches(v.at(i), context) == matched {
			n++
		}
	}
	return n
}

func (c *condition) matches(value string, context Context) bool {
	for i := range c.operands {
		if c.operands[i].matches(c.operator, value, context) {
			return true
		}
	}
	return false
}

func (c *condition) isNull(is bool) bool {
	for i := range c.operands {
		if c.operands[i].yes == is {
			return true
		}
	}
	return false
}

// fulfilled tells whether all conditions of the statement are.
func (s *statement) fulfilled(context Context) bool {
	for i := range s.conditions {
		if !s.conditions[i].holds(context) {
			return false
		}
	}
	return true
}
