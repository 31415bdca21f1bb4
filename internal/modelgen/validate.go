package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/carillon-events/carillon/internal/wire"
)

func (g *generator) writeValidate(s *source) error {
	s.use(modulePath + "internal/wire")
	if g.Carillon.Validation == "missing-parameter" {
		g.writeMissingParameter(s)
		return nil
	}
	v := &validator{generator: g, source: s, used: map[string]bool{}, checked: map[string]bool{}}
	return v.write()
}

// validatorOf is the function that checks an operation's input, or nil.
func (g *generator) validatorOf(op string) string {
	in := g.Operations[op].Input.Shape
	if g.Carillon.Validation == "missing-parameter" {
		if len(g.mustHave(g.Shapes[in])) == 0 {
			return "nil"
		}
		return "check" + op + "Input"
	}
	v := &validator{generator: g, used: map[string]bool{}, checked: map[string]bool{}}
	if !v.constrained(in) {
		return "nil"
	}
	return "check" + op + "Input"
}

func (g *generator) unchecked(owner *shape, m *member) bool {
	return slices.Contains(g.Carillon.Unchecked, owner.name+"."+m.name)
}

// mustHave are the members of an input whose absence is told.
func (g *generator) mustHave(s *shape) []*member {
	var out []*member
	for _, m := range s.Members {
		if s.requires(m.name) && !g.unchecked(s, m) {
			out = append(out, m)
		}
	}
	return out
}

// lacks is the condition under which a decoded required member is absent.
func (g *generator) lacks(owner *shape, m *member) string {
	if bit := g.absentBit(owner, m); bit >= 0 {
		return fmt.Sprintf("v.absent.Has(%d)", bit)
	}
	return "v." + exported(m.name) + " == nil"
}

// writeMissingParameter is the validation of SQS: its model has no other
// constraint, and only the request's own members are told this way.
func (g *generator) writeMissingParameter(s *source) {
	for _, op := range g.operationNames() {
		in := g.Shapes[g.Operations[op].Input.Shape]
		must := g.mustHave(in)
		if len(must) == 0 {
			continue
		}
		s.p("func check%[1]sInput(v *%[1]sInput) error {", op)
		for _, m := range must {
			s.p("if %s {\nreturn wire.MissingParameter(%q)\n}", g.lacks(in, m), exported(m.name))
		}
		s.p("return nil\n}\n")
	}
}

// validator writes the validation that collects every breach.
type validator struct {
	*generator
	source  *source
	used    map[string]bool // shapes that need a constraint variable
	checked map[string]bool // recursion guard of constrained
}

func (v *validator) write() error {
	s := v.source
	for _, op := range v.operationNames() {
		if v.validatorOf(op) == "nil" {
			continue
		}
		s.p("func check%[1]sInput(v *%[1]sInput) error {", op)
		s.p("var c wire.Checker\nv.check(&c)\nreturn c.Err(%q)\n}\n", v.Carillon.ValidationCode)
	}
	for _, shape := range v.structures(v.inputs) {
		if v.constrained(shape.name) {
			if err := v.writeCheck(shape); err != nil {
				return fmt.Errorf("%s: %w", shape.name, err)
			}
		}
	}
	return v.writeConstraints()
}

// constrained says whether anything at or below a shape can be breached.
func (v *validator) constrained(shapeName string) bool {
	if v.checked[shapeName] {
		return false
	}
	v.checked[shapeName] = true
	defer delete(v.checked, shapeName)
	s := v.Shapes[shapeName]
	if v.limited(s) {
		return true
	}
	switch s.Type {
	case "structure":
		for _, m := range s.Members {
			if !v.unchecked(s, m) && (s.requires(m.name) || v.constrained(m.Shape)) {
				return true
			}
		}
	case "list":
		return v.constrained(s.Member.Shape)
	case "map":
		return v.constrained(s.Key.Shape) || v.constrained(s.Value.Shape)
	}
	return false
}

// limited says whether a shape has constraints of its own.
func (v *validator) limited(s *shape) bool {
	if s.Type == "string" && s.Min != nil && *s.Min == 0 && s.Max == nil && s.Pattern == "" && s.Enum == nil {
		return false
	}
	return s.Min != nil || s.Max != nil || s.Pattern != "" || s.Enum != nil
}

func (v *validator) writeCheck(shape *shape) error {
	v.source.p("func (v *%s) check(c *wire.Checker) {", v.goNames[shape.name])
	for _, m := range shape.Members {
		if v.unchecked(shape, m) {
			continue
		}
		if err := v.writeMemberCheck(shape, m); err != nil {
			return fmt.Errorf("%s: %w", m.name, err)
		}
	}
	v.source.p("}\n")
	return nil
}

func (v *validator) writeMemberCheck(owner *shape, m *member) error {
	s, field, at := v.source, "v."+exported(m.name), lowerCamel(m.name)
	has := v.constrained(m.Shape)
	kind := v.Shapes[m.Shape].Type
	value := field
	condition := field + " != nil"
	if scalars[kind] != "" {
		condition, value = field+".OK", field+".V"
	}
	switch {
	case owner.requires(m.name):
		s.p("if %s {\nc.Missing(%q)", v.lacks(owner, m), at)
		if !has {
			s.p("}")
			return nil
		}
		s.p("} else {")
		value = field
	case has:
		s.p("if %s {", condition)
	default:
		return nil
	}
	err := v.writeValueCheck(m.Shape, value, at)
	s.p("}")
	return err
}

func (v *validator) writeValueCheck(shapeName, value, at string) error {
	s, shape := v.source, v.Shapes[shapeName]
	switch shape.Type {
	case "string":
		s.p("%s.Check(c, %q, %s)", v.constraint(shape), at, value)
	case "integer", "long":
		s.p("%s.Check(c, %q, int64(%s))", v.constraint(shape), at, value)
	case "structure":
		s.p("c.Enter(%q, 0)\n%s.check(c)\nc.Leave()", at, value)
	case "list":
		return v.writeListCheck(shape, value, at)
	case "map":
		return v.writeMapCheck(shape, value, at)
	default:
		return fmt.Errorf("a constraint on a %s, which modelgen was not taught", shape.Type)
	}
	return nil
}

func (v *validator) writeListCheck(shape *shape, value, at string) error {
	s, element := v.source, v.Shapes[shape.Member.Shape]
	if v.limited(shape) {
		show := fmt.Sprintf("wire.ShowList(%s)", value)
		if element.Type != "string" {
			show = fmt.Sprintf("wire.ShowStructures(%q, len(%s))", element.name, value)
		}
		s.p("%s.Check(c, %q, len(%s), func() string { return %s })", v.constraint(shape), at, value, show)
	}
	if !v.constrained(element.name) {
		return nil
	}
	switch element.Type {
	case "string":
		s.p("%s.CheckElements(c, %q, %s)", v.constraint(element), at, value)
	case "structure":
		s.p("for i := range %s {", value)
		s.p("c.Enter(%q, i+1)\n%s[i].check(c)\nc.Leave()\n}", at, value)
	default:
		return fmt.Errorf("constraints in a list of %s, which modelgen was not taught", element.Type)
	}
	return nil
}

func (v *validator) writeMapCheck(shape *shape, value, at string) error {
	s := v.source
	if v.Shapes[shape.Value.Shape].Type != "string" {
		return fmt.Errorf("constraints in a map of %s, which modelgen was not taught", v.Shapes[shape.Value.Shape].Type)
	}
	if v.limited(shape) {
		s.p("%s.Check(c, %q, len(%s), func() string { return wire.ShowMap(%s) })", v.constraint(shape), at, value, value)
	}
	if key := v.Shapes[shape.Key.Shape]; v.limited(key) {
		s.p("%s.CheckKeys(c, %q, %s)", v.constraint(key), at, value)
	}
	if element := v.Shapes[shape.Value.Shape]; v.limited(element) {
		s.p("%s.CheckValues(c, %q, %s)", v.constraint(element), at, value)
	}
	return nil
}

// constraint names the variable that holds a shape's constraints.
func (v *validator) constraint(s *shape) string {
	v.used[s.name] = true
	return "limit" + exported(s.name)
}

func (v *validator) writeConstraints() error {
	if len(v.used) == 0 {
		return nil
	}
	s := v.source
	s.p("var (")
	for _, name := range slices.Sorted(maps.Keys(v.used)) {
		text, err := constraintLiteral(v.Shapes[name])
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		s.p("%s = %s", v.constraint(v.Shapes[name]), text)
	}
	s.p(")")
	return nil
}

func constraintLiteral(s *shape) (string, error) {
	var parts []string
	add := func(format string, args ...any) { parts = append(parts, fmt.Sprintf(format, args...)) }
	whole := s.Type == "integer" || s.Type == "long"
	for name, limit := range map[string]*int64{"Min": s.Min, "Max": s.Max} {
		switch {
		case limit == nil:
		case whole:
			add("%s: wire.Some[int64](%d)", name, *limit)
		case *limit != 0:
			add("%s: %d", name, *limit)
		}
	}
	slices.Sort(parts) // Max before Min, whatever the map's order
	if s.Pattern != "" {
		if err := wire.NewPattern(s.Pattern).Check(); err != nil {
			return "", err
		}
		add("Pattern: wire.NewPattern(%s)", quoted(s.Pattern))
	}
	if s.Enum != nil {
		add("Enum: %#v", s.Enum)
	}
	if s.Sensitive {
		add("Sensitive: true")
	}
	kind := map[string]string{"string": "Text", "integer": "Whole", "long": "Whole", "list": "Size", "map": "Size"}[s.Type]
	if kind == "" {
		return "", fmt.Errorf("constraints of a %s, which modelgen was not taught", s.Type)
	}
	return "wire." + kind + "{" + strings.Join(parts, ", ") + "}", nil
}

func quoted(s string) string {
	if strings.Contains(s, "`") {
		return fmt.Sprintf("%q", s)
	}
	return "`" + s + "`"
}
