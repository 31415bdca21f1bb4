package main

import "fmt"

// operand is how a value of a shape is handed to its encoder: a structure by
// its address.
func (g *generator) operand(shapeName, value string) string {
	if g.Shapes[shapeName].Type == "structure" {
		return "&" + value
	}
	return value
}

// appender is the expression that appends a value of a shape, given as its
// operand, to dst.
func (g *generator) appender(s *source, shapeName, value string) (string, error) {
	shape := g.Shapes[shapeName]
	switch shape.Type {
	case "string":
		return fmt.Sprintf("awsjson.AppendString(dst, %s)", value), nil
	case "integer", "long":
		return fmt.Sprintf("awsjson.AppendInt(dst, %s)", value), nil
	case "boolean":
		s.use("strconv")
		return fmt.Sprintf("strconv.AppendBool(dst, %s)", value), nil
	case "timestamp":
		return fmt.Sprintf("awsjson.AppendTime(dst, %s)", value), nil
	case "blob":
		return fmt.Sprintf("awsjson.AppendBlob(dst, %s)", value), nil
	case "structure", "list", "map":
		return fmt.Sprintf("append%sJSON(dst, %s)", g.codecName(shape), value), nil
	}
	return "", fmt.Errorf("shape %s is a %s, which modelgen was not taught", shape.name, shape.Type)
}

// present answers the condition under which a member is in an answer (empty:
// always) and the operand of its value.
func (g *generator) present(owner *shape, m *member) (condition, value string) {
	field := "v." + exported(m.name)
	kind := g.Shapes[m.Shape].Type
	switch {
	case kind == "list" || kind == "map" || kind == "blob":
		return field + " != nil", field
	case owner.requires(m.name):
		return "", g.operand(m.Shape, field)
	case kind == "structure":
		return field + " != nil", field
	}
	return field + ".OK", field + ".V"
}

func (g *generator) writeEncodeJSON(s *source) error {
	s.use(modulePath + "internal/awsjson")
	for _, shape := range g.structures(g.outputs) {
		if err := g.writeStructEncoder(s, shape); err != nil {
			return err
		}
	}
	for _, op := range g.operationNames() {
		if g.Operations[op].Output == nil {
			s.p("func append%[1]sOutputJSON(dst []byte, _ *%[1]sOutput) []byte {", op)
			s.p("return append(dst, \"{}\"...)\n}\n")
		}
	}
	for _, shape := range g.sorted(g.outputs, "list") {
		if err := g.writeListEncoder(s, shape); err != nil {
			return err
		}
	}
	for _, shape := range g.sorted(g.outputs, "map") {
		if err := g.writeMapEncoder(s, shape); err != nil {
			return err
		}
	}
	return nil
}

func (g *generator) writeStructEncoder(s *source, shape *shape) error {
	name := g.goNames[shape.name]
	if len(shape.Members) == 0 {
		s.p("func append%[1]sJSON(dst []byte, _ *%[1]s) []byte {", name)
		s.p("return append(dst, \"{}\"...)\n}\n")
		return nil
	}
	s.p("func append%[1]sJSON(dst []byte, v *%[1]s) []byte {", name)
	s.p("dst = append(dst, '{')")
	for _, m := range shape.Members {
		condition, value := g.present(shape, m)
		expr, err := g.appender(s, m.Shape, value)
		if err != nil {
			return err
		}
		if condition != "" {
			s.p("if %s {", condition)
		}
		s.p("dst = awsjson.AppendName(dst, %q)", m.name)
		s.p("dst = %s", expr)
		if condition != "" {
			s.p("}")
		}
	}
	s.p("return append(dst, '}')\n}\n")
	return nil
}

func (g *generator) writeListEncoder(s *source, shape *shape) error {
	t, err := g.element(shape.Member.Shape)
	if err != nil {
		return err
	}
	g.useOf(s, t)
	expr, err := g.appender(s, shape.Member.Shape, g.operand(shape.Member.Shape, "v[i]"))
	s.p("func append%sJSON(dst []byte, v []%s) []byte {", g.codecName(shape), t)
	s.p("dst = append(dst, '[')")
	s.p("for i := range v {")
	s.p("dst = awsjson.AppendComma(dst)\ndst = %s\n}", expr)
	s.p("return append(dst, ']')\n}\n")
	return err
}

func (g *generator) writeMapEncoder(s *source, shape *shape) error {
	t, err := g.element(shape.Value.Shape)
	if err != nil {
		return err
	}
	g.useOf(s, t)
	expr, err := g.appender(s, shape.Value.Shape, g.operand(shape.Value.Shape, "value"))
	s.p("func append%sJSON(dst []byte, v map[string]%s) []byte {", g.codecName(shape), t)
	s.p("dst = append(dst, '{')\nvar room [16]string")
	s.p("for _, key := range awsjson.SortedKeys(room[:], v) {")
	s.p("value := v[key]\ndst = awsjson.AppendKey(dst, key)\ndst = %s\n}", expr)
	s.p("return append(dst, '}')\n}\n")
	return err
}
