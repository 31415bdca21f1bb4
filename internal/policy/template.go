package policy

import (
	"bytes"
	"strings"
)

// template is a string of a policy in which ${…} stands for what a request has.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html
type template struct {
	fixed []byte // the whole of it, if it has no variables
	parts []templatePart
}

// templatePart is text, or a variable.
type templatePart struct {
	text       []byte // of a variable: its default
	key        string // in lower case; empty: it is text
	hasDefault bool
}

// templateError is what is wrong with a template.
type templateError string

// newTemplate reads s. With variables, ${…} are; with patterns, * and ? are
// wildcards.
func newTemplate(s string, variables, patterns bool) (template, templateError) {
	mark := func(s string) []byte { return []byte(s) }
	if patterns {
		mark = wildcards
	}
	if !variables || !strings.Contains(s, "${") {
		return template{fixed: mark(s)}, ""
	}
	var t template
	for s != "" {
		text, rest, found := strings.Cut(s, "${")
		if text != "" {
			t.parts = append(t.parts, templatePart{text: mark(text)})
		}
		if s = rest; !found {
			break
		}
		part, rest, err := variable(s)
		if err != "" {
			return t, err
		}
		t.parts = append(t.parts, part)
		s = rest
	}
	return t.join(), ""
}

// variable reads what follows ${, and returns what follows its }.
func variable(s string) (templatePart, string, templateError) {
	end := strings.IndexAny(s, ",}")
	if end < 0 {
		return templatePart{}, "", "a variable has no closing brace"
	}
	name, rest := strings.TrimSpace(s[:end]), s[end+1:]
	switch {
	case s[end] == '}' && (name == "*" || name == "?" || name == "$"):
		return templatePart{text: []byte(name)}, rest, ""
	case name == "":
		return templatePart{}, "", "a variable has no name"
	case s[end] == '}':
		return templatePart{key: strings.ToLower(name)}, rest, ""
	}
	quoted, opened := strings.CutPrefix(strings.TrimLeft(rest, " "), "'")
	value, rest, closed := strings.Cut(quoted, "'")
	rest, braced := strings.CutPrefix(strings.TrimLeft(rest, " "), "}")
	if !opened || !closed || !braced {
		return templatePart{}, "", "the default of a variable must be in single quotes, with the closing brace after them"
	}
	return templatePart{text: []byte(value), key: strings.ToLower(name), hasDefault: true}, rest, ""
}

// join makes one text of a template that turned out to have only escapes.
func (t template) join() template {
	var all []byte
	for _, p := range t.parts {
		if p.key != "" {
			return t
		}
		all = append(all, p.text...)
	}
	return template{fixed: all}
}

// room is for templates that are filled in: enough for nearly all of them not to
// go to the heap.
type room [256]byte

// fill is the text of a template with variables, for a request. false: one has no
// value.
func (t *template) fill(b *room, c Context) ([]byte, bool) {
	out := b[:0]
	for i := range t.parts {
		p := &t.parts[i]
		if p.key == "" {
			out = append(out, p.text...)
			continue
		}
		value, ok := lookup(c, p.key).variable()
		switch {
		case ok && !hasMark(value):
			out = append(out, value...)
		case p.hasDefault:
			out = append(out, p.text...)
		default:
			return nil, false
		}
	}
	return out, true
}

// hasMark: s could be taken for a pattern. It is not UTF-8 then.
func hasMark(s string) bool {
	return strings.IndexByte(s, manyMark) >= 0 || strings.IndexByte(s, oneMark) >= 0
}

// variableBefore tells whether a variable stands before n colons have passed.
func (t *template) variableBefore(n int) bool {
	for i := range t.parts {
		if t.parts[i].key != "" {
			return n > 0
		}
		n -= bytes.Count(t.parts[i].text, []byte{':'})
	}
	return false
}
