// Package transform makes of an event what a target of EventBridge sees of it:
// a constant (Input), a part of the event (InputPath), or a template with parts
// of the event in it (InputTransformer).
//
// It owns the language of those three: which are refused when a target is
// written, in AWS's words, and what they make of an event. A Transform is
// compiled once, is never changed, and may be shared. It reads the event's bytes
// where they are: numbers keep their spelling, objects the order of their keys.
// What AWS leaves open is decided in ADR 17.
//
// It refuses results above MaxOutput. It knows no targets, no retries and no
// clock: names and times are arguments.
//
// Invariants, for every event that is valid JSON:
//
//   - the result is JSON: one value, or, if the template has several, as many;
//   - a variable whose path leads nowhere is the empty string;
//   - an Apply reads the event a number of times that does not depend on how
//     many variables there are, save those with wildcards and those that show all
//     of it.
package transform

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Limits of EventBridge, and ours for the result.
// https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_InputTransformer.html
const (
	MaxOutput   = 1 << 20
	maxInput    = 8192
	maxTemplate = 8192
	maxPath     = 256
	maxPaths    = 100
	maxName     = 256
)

// Spec is what a target was written with. Nil means not given; if nothing is
// given, the target sees the event as it is.
type Spec struct {
	Target      string // the target's id, for errors
	Input       *string
	InputPath   *string
	Transformer *Transformer
}

// Transformer is an InputTransformer.
type Transformer struct {
	Paths    map[string]string // InputPathsMap: JSON paths by variable
	Template string
}

// Transform makes what a target sees of an event.
type Transform struct {
	constant []byte
	path     *value // the value that is all of the result
	parts    []part // of a template
	picker   picker
}

// Compile reads a spec. Its error is an *Error.
func Compile(s Spec) (*Transform, error) {
	given := 0
	for _, is := range []bool{s.Input != nil, s.InputPath != nil, s.Transformer != nil} {
		if is {
			given++
		}
	}
	t := new(Transform)
	var err error
	switch {
	case given > 1:
		err = refuse("Only one of Input, InputPath, or InputTransformer must be provided for target %s.", s.Target)
	case s.Input != nil:
		err = t.compileInput(s.Target, *s.Input)
	case s.InputPath != nil:
		err = t.compilePath(s.Target, *s.InputPath)
	case s.Transformer != nil:
		err = t.compileTemplate(s.Target, s.Transformer)
	}
	if err != nil {
		return nil, err
	}
	t.picker.slots = t.picker.root.number(0)
	return t, nil
}

func (t *Transform) compileInput(target, text string) error {
	if len(text) > maxInput {
		return refuse("Input for target %s is longer than %d characters.", target, maxInput)
	}
	p := parser{text: text}
	if err := p.parse(); err != nil {
		at := len(text)
		if bad, ok := err.(syntaxError); ok {
			at = bad.at
		}
		return refuse("JSON syntax error in input for target %s: %s", target, where(text, at))
	}
	t.constant = []byte(text)
	return nil
}

func (t *Transform) compilePath(target, path string) (err error) {
	if t.path, err = t.variable(path); err != nil {
		return refuse("InputPath for target %s is invalid: %v.", target, err)
	}
	return nil
}

func (t *Transform) compileTemplate(target string, in *Transformer) error {
	if len(in.Paths) > maxPaths {
		return refuse("InputPathsMap for target %s has more than %d paths.", target, maxPaths)
	}
	if in.Template == "" || len(in.Template) > maxTemplate {
		return refuse("InputTemplate for target %s must have 1 to %d characters.", target, maxTemplate)
	}
	values := make(map[string]*value, len(in.Paths)+len(reserved))
	for name, source := range reserved {
		values[name] = &value{source: source}
	}
	names := make([]string, 0, len(in.Paths))
	for name := range in.Paths {
		names = append(names, name)
	}
	slices.Sort(names) // so that the same spec has the same error
	for _, name := range names {
		if err := checkName(name); err != nil {
			return refuse("InputPathsMap for target %s contains invalid key %s: %v.", target, name, err)
		}
		v, err := t.variable(in.Paths[name])
		if err != nil {
			return refuse("InputPathsMap for target %s contains invalid path %s for key %s: %v.", target, in.Paths[name], name, err)
		}
		values[name] = v
	}
	p := parser{text: in.Template, values: values}
	if err := p.parse(); err != nil {
		return refuseTemplate(target, in.Template, err)
	}
	t.parts = p.parts
	return nil
}

// checkName checks the name of a variable.
func checkName(name string) error {
	switch {
	case len(name) >= 4 && strings.EqualFold(name[:4], "aws."):
		return errors.New("the prefix AWS. is reserved")
	case len(name) > maxName:
		return fmt.Errorf("it is longer than %d characters", maxName)
	case !isName(name, '_'):
		return errors.New("only letters, digits, _ and - are allowed")
	}
	return nil
}

// variable is the value at a path. Up to the first wildcard the picker finds it.
func (t *Transform) variable(path string) (*value, error) {
	steps, err := parsePath(path)
	if err != nil {
		return nil, err
	}
	definite := slices.IndexFunc(steps, func(s step) bool { return s.kind == toAll })
	if definite < 0 {
		definite = len(steps)
	}
	return &value{at: t.picker.add(steps[:definite]), rest: steps[definite:]}, nil
}

// Apply appends what the target sees of the event, which is valid JSON. Its
// errors are ErrPathMissing and ErrTooLarge; dst is then returned as it was.
func (t *Transform) Apply(dst, event []byte, c Context) ([]byte, error) {
	var few [16]span
	in := input{event: event, found: few[:], ctx: &c}
	if t.picker.slots > len(few) {
		in.found = make([]span, t.picker.slots)
	}
	if t.picker.slots > 0 {
		t.picker.root.visit(event, skipSpace(event, 0), in.found)
	}
	out := dst
	switch {
	case t.constant != nil:
		out = append(out, t.constant...)
	case t.path != nil:
		found := in.found[t.path.at.slot]
		if found.from == found.to {
			return dst, ErrPathMissing
		}
		if len(t.path.rest) == 0 {
			out = append(out, event[found.from:found.to]...)
		} else {
			out = t.path.appendTo(out, &in, false)
		}
	case t.parts != nil:
		return t.fill(dst, &in)
	default:
		out = append(out, event...)
	}
	if len(out)-len(dst) > MaxOutput {
		return dst, ErrTooLarge
	}
	return out, nil
}

// fill appends the template with the values in their places. It stops at the
// first value that is too much, since a template can name a large one thousands
// of times.
func (t *Transform) fill(dst []byte, in *input) ([]byte, error) {
	out := dst
	for i := range t.parts {
		p := &t.parts[i]
		out = append(out, p.text...)
		if p.value != nil {
			out = p.value.appendTo(out, in, p.quoted)
		}
		if len(out)-len(dst) > MaxOutput {
			return dst, ErrTooLarge
		}
	}
	return out, nil
}
