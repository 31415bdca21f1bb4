package main

import "fmt"

// reader is the expression that reads a value of a shape into *target and is
// false where the document holds null.
func (g *generator) reader(shapeName, target string) (string, error) {
	s := g.Shapes[shapeName]
	methods := map[string]string{
		"string": "String", "integer": "Int32", "long": "Int64",
		"boolean": "Bool", "timestamp": "Time", "blob": "Blob",
	}
	if method := methods[s.Type]; method != "" {
		return fmt.Sprintf("d.%s(%s)", method, target), nil
	}
	switch s.Type {
	case "structure", "list", "map":
		return fmt.Sprintf("decode%sJSON(d, %s)", g.codecName(s), target), nil
	}
	return "", fmt.Errorf("shape %s is a %s, which modelgen was not taught", s.name, s.Type)
}

// codecName is a shape in the names of its codecs.
func (g *generator) codecName(s *shape) string {
	if s.Type == "structure" {
		return g.goNames[s.name]
	}
	return exported(s.name)
}

func (g *generator) writeDecodeJSON(s *source) error {
	s.use(modulePath + "internal/awsjson")
	for _, shape := range g.structures(g.inputs) {
		if err := g.writeStructDecoder(s, shape); err != nil {
			return err
		}
	}
	for _, op := range g.operationNames() {
		if g.Operations[op].Input == nil {
			return fmt.Errorf("operation %s has no input, which modelgen was not taught", op)
		}
	}
	for _, shape := range g.sorted(g.inputs, "list") {
		if err := g.writeListDecoder(s, shape); err != nil {
			return err
		}
	}
	for _, shape := range g.sorted(g.inputs, "map") {
		if err := g.writeMapDecoder(s, shape); err != nil {
			return err
		}
	}
	return nil
}

func (g *generator) writeStructDecoder(s *source, shape *shape) error {
	name := g.goNames[shape.name]
	s.p("func decode%[1]sJSON(d *awsjson.Decoder, v *%[1]s) bool {", name)
	if mask := g.absentAll(shape); mask != 0 {
		s.p("*v = %s{absent: %#b}", name, mask)
	} else {
		s.p("*v = %s{}", name)
	}
	s.p("if !d.Object() {\nreturn false\n}")
	if len(shape.Members) == 0 {
		s.p("for d.Next() {\nd.Skip()\n}\nreturn true\n}\n")
		return nil
	}
	s.p("for d.Next() {\nswitch d.Name() {")
	for _, m := range shape.Members {
		s.p("case %q:", m.name)
		if err := g.writeMemberDecoder(s, shape, m); err != nil {
			return err
		}
	}
	s.p("default:\nd.Skip()\n}\n}\nreturn true\n}\n")
	return nil
}

func (g *generator) writeMemberDecoder(s *source, owner *shape, m *member) error {
	field := "v." + exported(m.name)
	if bit := g.absentBit(owner, m); bit >= 0 {
		expr, err := g.reader(m.Shape, "&"+field)
		s.p("v.absent.Set(%d, !%s)", bit, expr)
		return err
	}
	switch kind := g.Shapes[m.Shape].Type; {
	case scalars[kind] != "":
		expr, err := g.reader(m.Shape, "&"+field+".V")
		s.p("%s.OK = %s", field, expr)
		return err
	case kind == "structure":
		expr, err := g.reader(m.Shape, "x")
		s.p("%s = nil", field)
		s.p("if x := new(%s); %s {\n%s = x\n}", g.goNames[m.Shape], expr, field)
		return err
	default:
		expr, err := g.reader(m.Shape, "&"+field)
		s.p("%s", expr)
		return err
	}
}

// Usual sizes of an element in a document, by which a list is sized at once.
const (
	usualStructure = 256
	usualScalar    = 32
	mostAtOnce     = 16
)

func (g *generator) writeListDecoder(s *source, shape *shape) error {
	t, err := g.element(shape.Member.Shape)
	if err != nil {
		return err
	}
	g.useOf(s, t)
	usual, most := usualScalar, mostAtOnce
	if scalars[g.Shapes[shape.Member.Shape].Type] == "" {
		usual = usualStructure
	}
	if shape.Max != nil {
		most = min(most, int(*shape.Max))
	}
	expr, err := g.reader(shape.Member.Shape, "&list[len(list)-1]")
	s.p("func decode%sJSON(d *awsjson.Decoder, v *[]%s) bool {", g.codecName(shape), t)
	s.p("*v = nil\nif !d.Array() {\nreturn false\n}")
	s.p("list := make([]%s, 0, d.Hint(%d, %d))", t, usual, most)
	s.p("for d.More(len(list)) {")
	s.p("list = append(list, %s)", zero(t))
	s.p("if !%s {\nd.NullElement()\n}\n}", expr)
	s.p("*v = list\nreturn true\n}\n")
	return err
}

func (g *generator) writeMapDecoder(s *source, shape *shape) error {
	t, err := g.element(shape.Value.Shape)
	if err != nil {
		return err
	}
	g.useOf(s, t)
	expr, err := g.reader(shape.Value.Shape, "&value")
	s.p("func decode%sJSON(d *awsjson.Decoder, v *map[string]%s) bool {", g.codecName(shape), t)
	s.p("*v = nil\nif !d.Object() {\nreturn false\n}")
	s.p("m := make(map[string]%s)", t)
	s.p("for d.Next() && d.Room(len(m)) {")
	s.p("key := d.Name()\nvar value %s", t)
	s.p("if %s {\nm[key] = value\n} else {\ndelete(m, key)\n}\n}", expr)
	s.p("*v = m\nreturn true\n}\n")
	return err
}

// zero is the zero value of a Go type, as an expression.
func zero(t string) string {
	switch t {
	case "string":
		return `""`
	case "int32", "int64":
		return "0"
	case "bool":
		return "false"
	}
	if t[0] == '[' || t[:3] == "map" {
		return "nil"
	}
	return t + "{}"
}
