package main

import (
	"fmt"
	"maps"
)

// scalars are the Go types of the model's scalars. A blob is a []byte and
// handled beside them.
var scalars = map[string]string{
	"string":    "string",
	"integer":   "int32",
	"long":      "int64",
	"boolean":   "bool",
	"timestamp": "time.Time",
}

// element is the type of a shape where it cannot be absent: in a list, in a
// map, as a required member.
func (g *generator) element(shapeName string) (string, error) {
	s := g.Shapes[shapeName]
	if t := scalars[s.Type]; t != "" {
		return t, nil
	}
	switch s.Type {
	case "blob":
		return "[]byte", nil
	case "structure":
		return g.goNames[s.name], nil
	case "list":
		t, err := g.element(s.Member.Shape)
		return "[]" + t, err
	case "map":
		if k := g.Shapes[s.Key.Shape]; k.Type != "string" {
			return "", fmt.Errorf("map %s has keys of type %s", s.name, k.Type)
		}
		t, err := g.element(s.Value.Shape)
		return "map[string]" + t, err
	}
	return "", fmt.Errorf("shape %s is a %s, which modelgen was not taught", s.name, s.Type)
}

// field is the type of a member. Lists, maps and blobs are absent when nil,
// structures too where they are optional, scalars by wire.Opt.
func (g *generator) field(owner *shape, m *member) (string, error) {
	t, err := g.element(m.Shape)
	if err != nil || owner.requires(m.name) {
		return t, err
	}
	switch kind := g.Shapes[m.Shape].Type; {
	case scalars[kind] != "":
		return "wire.Opt[" + t + "]", nil
	case kind == "structure":
		return "*" + t, nil
	}
	return t, nil
}

// absentBit numbers the required members of a request that cannot show their
// own absence (a string, a number, a structure held by value); -1 for others.
func (g *generator) absentBit(owner *shape, m *member) int {
	if !g.inputs[owner.name] {
		return -1
	}
	bit := 0
	for _, other := range owner.Members {
		kind := g.Shapes[other.Shape].Type
		if !owner.requires(other.name) || kind == "list" || kind == "map" || kind == "blob" {
			continue
		}
		if other == m {
			return bit
		}
		bit++
	}
	return -1
}

// absentAll is the mask of a request in which nothing has been read yet.
func (g *generator) absentAll(owner *shape) uint64 {
	var mask uint64
	for _, m := range owner.Members {
		if bit := g.absentBit(owner, m); bit >= 0 {
			mask |= 1 << bit
		}
	}
	return mask
}

func (g *generator) writeTypes(s *source) error {
	all := maps.Clone(g.inputs)
	maps.Copy(all, g.outputs)
	for _, shape := range g.structures(all) {
		if err := g.writeStruct(s, shape); err != nil {
			return err
		}
	}
	for _, op := range g.operationNames() {
		if g.Operations[op].Input == nil {
			s.p("type %sInput struct{}\n", op)
		}
		if g.Operations[op].Output == nil {
			s.p("type %sOutput struct{}\n", op)
		}
	}
	return nil
}

func (g *generator) writeStruct(s *source, shape *shape) error {
	s.p("type %s struct {", g.goNames[shape.name])
	for _, m := range shape.Members {
		t, err := g.field(shape, m)
		if err != nil {
			return err
		}
		g.useOf(s, t)
		note := ""
		if g.sensitive(m.Shape) {
			note = " `sensitive:\"true\"`"
		}
		if shape.requires(m.name) {
			note += " // required"
		}
		s.p("%s %s%s", exported(m.name), t, note)
	}
	if g.absentAll(shape) != 0 {
		s.use(modulePath + "internal/wire")
		s.p("\nabsent wire.Absent // required members that a decoded request lacks")
	}
	s.p("}\n")
	return nil
}

// sensitive tells whether the model says that a shape is not for logs, or that of
// what a list or a map is made of.
func (g *generator) sensitive(shapeName string) bool {
	s := g.Shapes[shapeName]
	for _, r := range []*ref{s.Member, s.Key, s.Value} {
		if r != nil && g.Shapes[r.Shape].Sensitive {
			return true
		}
	}
	return s.Sensitive
}
