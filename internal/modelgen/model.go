package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// model is one service: botocore's model with the overlay merged into it.
type model struct {
	name       string // package and file name: "sqs"
	Metadata   metadata
	Operations map[string]*operation
	Shapes     map[string]*shape
	Carillon   carillon
}

type metadata struct {
	EndpointPrefix string
	Protocol       string // "json" or "query"
	JSONVersion    string
	TargetPrefix   string
	APIVersion     string
	XMLNamespace   string

	AwsQueryCompatible *struct{}
}

// carillon is what the overlay says beyond patching the model.
type carillon struct {
	// ErrorNamespace goes before the # of __type: "com.amazonaws.sqs".
	ErrorNamespace string

	// Query is set for an awsJson service that older clients reach by awsQuery.
	Query *struct{ Version, XMLNamespace string }

	// Validation is how the service words a breach of the model:
	// "constraints" collects them all ("2 validation errors detected: ..."),
	// "missing-parameter" tells the first required member that is absent.
	Validation     string
	ValidationCode string // of "constraints": "ValidationException"

	// Unchecked are members whose own constraints the service answers itself,
	// and what is beneath them: "PutEventsRequestEntry.Source".
	Unchecked []string

	// DataPlane are the operations that are about what flows, not how it is set up:
	// CloudTrail calls them data events.
	DataPlane []string

	// ReadOnly are the operations that change nothing and whose names do not say so.
	ReadOnly []string

	Permissions permissions
}

type operation struct {
	Name   string
	Input  *ref
	Output *ref
}

type ref struct {
	Shape         string
	LocationName  string
	Flattened     bool
	ResultWrapper string
}

type shape struct {
	name      string
	Type      string
	Members   members
	Required  []string
	Member    *ref // of a list
	Key       *ref // of a map
	Value     *ref
	Flattened bool

	Min, Max  *int64
	Pattern   string
	Enum      []string
	Sensitive bool

	Exception bool
	Fault     bool
	Error     *struct {
		Code           string
		HTTPStatusCode int
	}
}

// members keeps the model's order.
type members []*member

type member struct {
	name string
	ref
}

func (m *members) UnmarshalJSON(data []byte) error {
	tree, err := parseTree(data)
	if err != nil {
		return err
	}
	for _, p := range tree {
		text, err := json.Marshal(p.value)
		if err != nil {
			return err
		}
		one := &member{name: p.name}
		if err := json.Unmarshal(text, &one.ref); err != nil {
			return fmt.Errorf("member %s: %w", p.name, err)
		}
		*m = append(*m, one)
	}
	return nil
}

// load reads dir/name.json and its overlay.
func load(dir, name string) (*model, error) {
	data, err := os.ReadFile(filepath.Join(dir, name+".json"))
	if err != nil {
		return nil, err
	}
	tree, err := parseTree(data)
	if err != nil {
		return nil, fmt.Errorf("%s.json: %w", name, err)
	}
	patch, err := os.ReadFile(filepath.Join(dir, name+".overlay.json"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	if err == nil {
		overlay, err := parseTree(patch)
		if err != nil {
			return nil, fmt.Errorf("%s.overlay.json: %w", name, err)
		}
		tree = mergePatch(tree, overlay)
	}
	var merged bytes.Buffer
	if err := writeCompact(&merged, tree); err != nil {
		return nil, err
	}
	m := &model{name: name}
	if err := json.Unmarshal(merged.Bytes(), m); err != nil {
		return nil, err
	}
	for n, s := range m.Shapes {
		s.name = n
	}
	m.unshare()
	return m, m.check()
}

// unshare gives every operation an input and an output of its own: IAM has two
// that answer with one shape, and some that take nothing, while Go types are
// called after operations.
func (m *model) unshare() {
	taken := map[string]bool{}
	for _, op := range m.operationNames() {
		if m.Operations[op].Input == nil {
			none := &shape{name: "nothing for " + op, Type: "structure"}
			m.Shapes[none.name], m.Operations[op].Input = none, &ref{Shape: none.name}
		}
		for _, r := range []*ref{m.Operations[op].Input, m.Operations[op].Output} {
			if r == nil || m.Shapes[r.Shape] == nil {
				continue
			}
			if taken[r.Shape] {
				own := *m.Shapes[r.Shape]
				own.name = r.Shape + " of " + op
				m.Shapes[own.name], r.Shape = &own, own.name
			}
			taken[r.Shape] = true
		}
	}
}

// check finds the mistakes that would otherwise show as odd generated code.
func (m *model) check() error {
	for _, name := range slices.Sorted(maps.Keys(m.Shapes)) {
		s := m.Shapes[name]
		for _, r := range s.refs() {
			if m.Shapes[r.Shape] == nil {
				return fmt.Errorf("shape %s refers to %q, which the model does not have", name, r.Shape)
			}
		}
		for _, required := range s.Required {
			if s.member(required) == nil {
				return fmt.Errorf("shape %s requires %q, which it does not have", name, required)
			}
		}
	}
	for _, name := range m.Carillon.Unchecked {
		owner, field, _ := strings.Cut(name, ".")
		if s := m.Shapes[owner]; s == nil || s.member(field) == nil {
			return fmt.Errorf("the overlay leaves %q unchecked, which the model does not have", name)
		}
	}
	for _, name := range slices.Concat(m.Carillon.DataPlane, m.Carillon.ReadOnly) {
		if m.Operations[name] == nil {
			return fmt.Errorf("the overlay says what kind of operation %q is, which the model does not have", name)
		}
	}
	if err := m.Carillon.Permissions.check(m); err != nil {
		return err
	}
	switch m.Carillon.Validation {
	case "constraints", "missing-parameter":
		return nil
	}
	return fmt.Errorf("the overlay must say how validation is worded, not %q", m.Carillon.Validation)
}

func (s *shape) refs() []*ref {
	var out []*ref
	for _, m := range s.Members {
		out = append(out, &m.ref)
	}
	for _, r := range []*ref{s.Member, s.Key, s.Value} {
		if r != nil {
			out = append(out, r)
		}
	}
	return out
}

func (s *shape) member(name string) *member {
	for _, m := range s.Members {
		if m.name == name {
			return m
		}
	}
	return nil
}

func (s *shape) requires(name string) bool { return slices.Contains(s.Required, name) }

func (m *model) operationNames() []string { return slices.Sorted(maps.Keys(m.Operations)) }

func (m *model) json() bool { return m.Metadata.Protocol == "json" }

func (m *model) query() bool { return m.Metadata.Protocol == "query" || m.Carillon.Query != nil }

func (m *model) queryVersion() string {
	switch {
	case m.Carillon.Query != nil:
		return m.Carillon.Query.Version
	case m.Metadata.Protocol == "query":
		return m.Metadata.APIVersion
	}
	return ""
}

func (m *model) xmlNamespace() string {
	if m.Carillon.Query != nil {
		return m.Carillon.Query.XMLNamespace
	}
	return m.Metadata.XMLNamespace
}

// reachable are the structures that the inputs (or the outputs) are made of,
// by name.
func (m *model) reachable(of func(*operation) *ref) map[string]bool {
	seen := map[string]bool{}
	var visit func(name string)
	visit = func(name string) {
		if seen[name] {
			return
		}
		seen[name] = true
		for _, r := range m.Shapes[name].refs() {
			visit(r.Shape)
		}
	}
	for _, op := range m.Operations {
		if r := of(op); r != nil {
			visit(r.Shape)
		}
	}
	return seen
}

func input(op *operation) *ref  { return op.Input }
func output(op *operation) *ref { return op.Output }
