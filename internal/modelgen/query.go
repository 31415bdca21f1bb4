package main

import "fmt"

// queryName is what the query protocol calls a member: a flattened list by its
// list's member, everything else by its own location name.
func (g *generator) queryName(m *member) string {
	if s := g.Shapes[m.Shape]; s.Type == "list" && g.flattened(m) && s.Member.LocationName != "" {
		return s.Member.LocationName
	}
	return locationName(&m.ref, m.name)
}

func (g *generator) flattened(m *member) bool { return m.Flattened || g.Shapes[m.Shape].Flattened }

func locationName(r *ref, otherwise string) string {
	if r.LocationName != "" {
		return r.LocationName
	}
	return otherwise
}

func (g *generator) writeQuery(s *source) error {
	s.use(modulePath + "internal/awsquery")
	for _, shape := range g.structures(g.inputs) {
		if err := g.writeQueryDecoder(s, shape); err != nil {
			return fmt.Errorf("%s: %w", shape.name, err)
		}
	}
	for _, shape := range g.structures(g.outputs) {
		if err := g.writeXMLEncoder(s, shape); err != nil {
			return fmt.Errorf("%s: %w", shape.name, err)
		}
	}
	return nil
}

// queryReader is the statement's expression that reads the parameter called
// name below p into *target.
func (g *generator) queryReader(p, shapeName, name, target string) (string, error) {
	methods := map[string]string{
		"string": "String", "integer": "Int32", "long": "Int64",
		"boolean": "Bool", "timestamp": "Time", "blob": "Blob",
	}
	method := methods[g.Shapes[shapeName].Type]
	if method == "" {
		return "", fmt.Errorf("awsQuery with a %s inside a list or map, which modelgen was not taught", g.Shapes[shapeName].Type)
	}
	return fmt.Sprintf("%s.%s(%q, %s)", p, method, name, target), nil
}

func (g *generator) writeQueryDecoder(s *source, shape *shape) error {
	name := g.goNames[shape.name]
	if len(shape.Members) == 0 {
		s.p("func decode%[1]sQuery(*awsquery.Params, *%[1]s) {}\n", name)
		return nil
	}
	s.p("func decode%[1]sQuery(p *awsquery.Params, v *%[1]s) {", name)
	for _, m := range shape.Members {
		if err := g.writeQueryMember(s, shape, m); err != nil {
			return fmt.Errorf("%s: %w", m.name, err)
		}
	}
	s.p("}\n")
	return nil
}

func (g *generator) writeQueryMember(s *source, owner *shape, m *member) error {
	field, name := "v."+exported(m.name), g.queryName(m)
	bit := g.absentBit(owner, m)
	switch g.Shapes[m.Shape].Type {
	case "list":
		return g.writeQueryList(s, m, field)
	case "map":
		return g.writeQueryMap(s, m, field)
	case "structure":
		g.writeQueryStruct(s, m, field, bit)
		return nil
	case "blob":
		expr, err := g.queryReader("p", m.Shape, name, "&"+field)
		s.p("%s", expr)
		return err
	}
	if bit >= 0 {
		expr, err := g.queryReader("p", m.Shape, name, "&"+field)
		s.p("v.absent.Set(%d, !%s)", bit, expr)
		return err
	}
	expr, err := g.queryReader("p", m.Shape, name, "&"+field+".V")
	s.p("%s.OK = %s", field, expr)
	return err
}

func (g *generator) writeQueryStruct(s *source, m *member, field string, bit int) {
	t := g.goNames[m.Shape]
	if bit < 0 {
		s.p("if inner, ok := p.Struct(%q); ok {", g.queryName(m))
		s.p("%s = new(%s)\ndecode%sQuery(&inner, %s)\n}", field, t, t, field)
		return
	}
	s.p("if inner, ok := p.Struct(%q); ok {", g.queryName(m))
	s.p("decode%sQuery(&inner, &%s)", t, field)
	s.p("} else {\nv.absent.Set(%d, true)\n}", bit)
}

func (g *generator) writeQueryList(s *source, m *member, field string) error {
	list := g.Shapes[m.Shape]
	t, err := g.element(list.Member.Shape)
	if err != nil {
		return err
	}
	g.useOf(s, t)
	items := fmt.Sprintf("p.List(%q, %q)", g.queryName(m), locationName(list.Member, "member"))
	if g.flattened(m) {
		items = fmt.Sprintf("p.Flat(%q)", g.queryName(m))
	}
	s.p("if items := %s; items != nil {", items)
	s.p("%s = make([]%s, len(items))\nfor i := range items {", field, t)
	if g.Shapes[list.Member.Shape].Type == "structure" {
		s.p("decode%sQuery(&items[i], &%s[i])", t, field)
	} else {
		expr, err := g.queryReader("items[i]", list.Member.Shape, "", "&"+field+"[i]")
		if err != nil {
			return err
		}
		s.p("%s", expr)
	}
	s.p("}\n}")
	return nil
}

func (g *generator) writeQueryMap(s *source, m *member, field string) error {
	shape := g.Shapes[m.Shape]
	t, err := g.element(shape.Value.Shape)
	if err != nil {
		return err
	}
	g.useOf(s, t)
	key, value := locationName(shape.Key, "key"), locationName(shape.Value, "value")
	items := fmt.Sprintf("p.List(%q, \"entry\")", g.queryName(m))
	if g.flattened(m) {
		items = fmt.Sprintf("p.Flat(%q)", g.queryName(m))
	}
	s.p("if items := %s; items != nil {", items)
	s.p("%s = make(map[string]%s, len(items))\nfor i := range items {", field, t)
	s.p("var key string\nif !items[i].String(%q, &key) {\nitems[i].Missing(%q)\n}", key, key)
	s.p("var value %s", t)
	if g.Shapes[shape.Value.Shape].Type == "structure" {
		s.p("if inner, ok := items[i].Struct(%q); ok {\ndecode%sQuery(&inner, &value)", value, t)
		s.p("} else {\nitems[i].Missing(%q)\n}", value)
	} else {
		expr, err := g.queryReader("items[i]", shape.Value.Shape, value, "&value")
		if err != nil {
			return err
		}
		s.p("if !%s {\nitems[i].Missing(%q)\n}", expr, value)
	}
	s.p("%s[key] = value\n}\n}", field)
	return nil
}

// writeXMLEncoder appends the members of a structure; its element is the
// caller's.
func (g *generator) writeXMLEncoder(s *source, shape *shape) error {
	name := g.goNames[shape.name]
	if len(shape.Members) == 0 {
		s.p("func append%[1]sXML(dst []byte, _ *%[1]s) []byte { return dst }\n", name)
		return nil
	}
	s.p("func append%[1]sXML(dst []byte, v *%[1]s) []byte {", name)
	for _, m := range shape.Members {
		condition, value := g.present(shape, m)
		if condition != "" {
			s.p("if %s {", condition)
		}
		if err := g.writeXMLMember(s, m, value); err != nil {
			return fmt.Errorf("%s: %w", m.name, err)
		}
		if condition != "" {
			s.p("}")
		}
	}
	s.p("return dst\n}\n")
	return nil
}

func (g *generator) writeXMLMember(s *source, m *member, value string) error {
	shape, name := g.Shapes[m.Shape], g.queryName(m)
	switch {
	case shape.Type == "list" && g.flattened(m):
		return g.writeXMLList(s, shape, name, value)
	case shape.Type == "map" && g.flattened(m):
		return g.writeXMLMap(s, shape, name, value)
	case shape.Type != "list" && shape.Type != "map":
		return g.writeXMLElement(s, m.Shape, name, value)
	}
	s.p("dst = awsquery.AppendOpen(dst, %q)", name)
	var err error
	if shape.Type == "list" {
		err = g.writeXMLList(s, shape, locationName(shape.Member, "member"), value)
	} else {
		err = g.writeXMLMap(s, shape, "entry", value)
	}
	s.p("dst = awsquery.AppendClose(dst, %q)", name)
	return err
}

func (g *generator) writeXMLList(s *source, shape *shape, name, value string) error {
	s.p("for i := range %s {", value)
	err := g.writeXMLElement(s, shape.Member.Shape, name, g.operand(shape.Member.Shape, value+"[i]"))
	s.p("}")
	return err
}

func (g *generator) writeXMLMap(s *source, shape *shape, name, value string) error {
	s.use("maps")
	s.use("slices")
	s.p("for _, key := range slices.Sorted(maps.Keys(%s)) {", value)
	s.p("value := %s[key]", value)
	s.p("dst = awsquery.AppendOpen(dst, %q)", name)
	if err := g.writeXMLElement(s, shape.Key.Shape, locationName(shape.Key, "key"), "key"); err != nil {
		return err
	}
	err := g.writeXMLElement(s, shape.Value.Shape, locationName(shape.Value, "value"), g.operand(shape.Value.Shape, "value"))
	s.p("dst = awsquery.AppendClose(dst, %q)\n}", name)
	return err
}

func (g *generator) writeXMLElement(s *source, shapeName, name, value string) error {
	shape := g.Shapes[shapeName]
	expr := ""
	switch shape.Type {
	case "string":
		expr = fmt.Sprintf("awsquery.AppendText(dst, %s)", value)
	case "integer", "long":
		expr = fmt.Sprintf("awsquery.AppendInt(dst, %s)", value)
	case "boolean":
		s.use("strconv")
		expr = fmt.Sprintf("strconv.AppendBool(dst, %s)", value)
	case "timestamp":
		expr = fmt.Sprintf("awsquery.AppendTime(dst, %s)", value)
	case "blob":
		expr = fmt.Sprintf("awsquery.AppendBlob(dst, %s)", value)
	case "structure":
		expr = fmt.Sprintf("append%sXML(dst, %s)", g.goNames[shapeName], value)
	default:
		return fmt.Errorf("awsQuery with a %s inside a list or map, which modelgen was not taught", shape.Type)
	}
	s.p("dst = awsquery.AppendOpen(dst, %q)", name)
	s.p("dst = %s", expr)
	s.p("dst = awsquery.AppendClose(dst, %q)", name)
	return nil
}
