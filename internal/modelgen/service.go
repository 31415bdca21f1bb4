package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

func (g *generator) writeService(s *source) error {
	s.use("context")
	s.use(modulePath + "internal/wire")
	s.doc = fmt.Sprintf(`// Package %[1]s is the wire form of the AWS service %[1]q: its structures, their
// codecs and constraints, and the table of operations that New binds to an
// implementation. It holds no behaviour.
`, g.name)
	g.writeOperations(s)
	g.writeNew(s)
	g.writeErrors(s)
	return nil
}

func (g *generator) writeOperations(s *source) {
	s.p("// Operations is every operation of the model. Embed NotImplemented and define")
	s.p("// those that there are.")
	s.p("type Operations interface {")
	for _, op := range g.operationNames() {
		s.p("%[1]s(ctx context.Context, c *wire.Call, in *%[1]sInput) (*%[1]sOutput, error)", op)
	}
	s.p("}\n")
	s.p("// NotImplemented answers every operation with wire.NotImplemented.")
	s.p("type NotImplemented struct{}\n")
	s.p("var _ Operations = NotImplemented{}\n")
	for _, op := range g.operationNames() {
		s.p("func (NotImplemented) %[1]s(context.Context, *wire.Call, *%[1]sInput) (*%[1]sOutput, error) {", op)
		s.p("return nil, wire.NotImplemented(%q, %q)", g.Metadata.EndpointPrefix, op)
		s.p("}\n")
	}
}

func (g *generator) writeNew(s *source) {
	s.p("// New is the service's table. Every operation decodes its request, checks the")
	s.p("// model's constraints, asks Call.Authorize about resource(c, in), runs the")
	s.p("// method of ops and encodes its answer. resource is an ARN; nil means \"*\".")
	s.p("func New(ops Operations, resource func(c *wire.Call, in any) string) *wire.Service {")
	s.p("return &wire.Service{")
	s.p("Name: %q,", g.Metadata.EndpointPrefix)
	if g.json() {
		s.p("TargetPrefix: %q,", g.Metadata.TargetPrefix)
		s.p("JSONVersion: %q,", g.Metadata.JSONVersion)
		if g.Carillon.ErrorNamespace != "" {
			s.p("ErrorNamespace: %q,", g.Carillon.ErrorNamespace)
		}
		if g.Metadata.AwsQueryCompatible != nil {
			s.p("QueryCompatible: true,")
		}
	}
	if g.query() {
		s.p("QueryVersion: %q,", g.queryVersion())
		s.p("XMLNamespace: %q,", g.xmlNamespace())
	}
	s.p("Errors: errorInfos,")
	g.writeKinds(s)
	s.p("Operations: map[string]*wire.Operation{")
	for _, op := range g.operationNames() {
		s.p("%q: %s(ops.%s, resource),", op, bindName(op), op)
	}
	s.p("},\n}\n}\n")
	for _, op := range g.operationNames() {
		g.writeBind(s, op)
	}
}

// writeKinds says for the audit log which operations are which.
func (g *generator) writeKinds(s *source) {
	s.p("DataPlane: map[string]bool{%s},", g.namesOf(func(op string) bool { return slices.Contains(g.Carillon.DataPlane, op) }))
	s.p("ReadOnly: map[string]bool{%s},", g.namesOf(g.readOnly))
}

func (g *generator) namesOf(are func(op string) bool) string {
	text := ""
	for _, op := range g.operationNames() {
		if are(op) {
			text += fmt.Sprintf("\n%q: true,", op)
		}
	}
	if text != "" {
		text += "\n"
	}
	return text
}

// readOnly tells whether an operation changes nothing: by its name, or since the
// overlay says so.
func (g *generator) readOnly(op string) bool {
	for _, verb := range []string{"Describe", "Get", "List"} {
		if strings.HasPrefix(op, verb) {
			return true
		}
	}
	return slices.Contains(g.Carillon.ReadOnly, op)
}

func bindName(op string) string { return "bind" + op }

func (g *generator) writeBind(s *source, op string) {
	s.p("func %s(method wire.Method[%sInput, %sOutput], resource wire.Resource) *wire.Operation {", bindName(op), op, op)
	s.p("run := wire.Guard(%s, resource, method)", g.validatorOf(op))
	s.p("return &wire.Operation{")
	s.p("Name: %q,", op)
	s.p("Rights: %s,", g.rights(op))
	if g.json() {
		s.use(modulePath + "internal/awsjson")
		s.p("JSON: awsjson.Bind(decode%[1]sInputJSON, run, append%[1]sOutputJSON),", op)
	}
	if g.query() {
		s.use(modulePath + "internal/awsquery")
		result, encoder := "", "nil"
		if out := g.Operations[op].Output; out != nil {
			result, encoder = out.ResultWrapper, "append"+op+"OutputXML"
			if result == "" {
				result = op + "Result"
			}
		}
		s.p("Query: awsquery.Bind(awsquery.Answer{Operation: %q, Result: %q, Namespace: %q},", op, result, g.xmlNamespace())
		s.p("decode%sInputQuery, run, %s),", op, encoder)
	}
	s.p("}\n}\n")
}

func (g *generator) writeErrors(s *source) {
	s.p("var errorInfos = map[string]wire.ErrorInfo{")
	for _, name := range slices.Sorted(maps.Keys(g.Shapes)) {
		shape := g.Shapes[name]
		if !shape.Exception {
			continue
		}
		status, code := 400, ""
		if shape.Fault {
			status = 500
		}
		if e := shape.Error; e != nil {
			if e.HTTPStatusCode != 0 {
				status = e.HTTPStatusCode
			}
			if e.Code != name {
				code = e.Code
			}
		}
		text := fmt.Sprintf("Status: %d", status)
		if code != "" {
			text += fmt.Sprintf(", QueryCode: %q", code)
		}
		if shape.Fault {
			text += ", Receiver: true"
		}
		s.p("%q: {%s},", name, text)
	}
	s.p("}")
}
