package transform

import (
	"bytes"
	"encoding/json"
	"regexp"
	"strings"
)

// The naive transform knows a template as the pieces that it was drawn from and
// a path as its steps, so that it needs neither of the parsers; it decodes the
// event again for every step of every variable.

type naiveStep struct {
	key   string
	index int // -1: a key; -2: all
}

// naiveFind has the values at the steps; !ok if there is none before the first
// wildcard.
func naiveFind(raw json.RawMessage, steps []naiveStep) (found []json.RawMessage, isList, ok bool) {
	found = []json.RawMessage{raw}
	for _, s := range steps {
		var next []json.RawMessage
		for _, v := range found {
			next = append(next, naiveChildren(v, s)...)
		}
		isList = isList || s.index == -2
		if found = next; len(found) == 0 && !isList {
			return nil, false, false
		}
	}
	return found, isList, true
}

func naiveChildren(v json.RawMessage, s naiveStep) []json.RawMessage {
	var object map[string]json.RawMessage
	var array []json.RawMessage
	isObject := json.Unmarshal(v, &object) == nil && object != nil
	isArray := json.Unmarshal(v, &array) == nil && array != nil
	switch {
	case s.index == -1 && isObject:
		if child, ok := object[s.key]; ok {
			return []json.RawMessage{child}
		}
	case s.index >= 0 && isArray && s.index < len(array):
		return array[s.index : s.index+1]
	case s.index == -2 && isArray:
		return array
	case s.index == -2 && isObject:
		return naiveMembers(v)
	}
	return nil
}

func naiveMembers(v json.RawMessage) (values []json.RawMessage) {
	d := json.NewDecoder(bytes.NewReader(v))
	must(d.Token())
	for d.More() {
		must(d.Token())
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			panic(err)
		}
		values = append(values, value)
	}
	return values
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

var escapeOrQuote = regexp.MustCompile(`\\.|"`)

func naiveShow(raw json.RawMessage, quoted bool) string {
	var b bytes.Buffer
	if err := json.Compact(&b, raw); err != nil {
		panic(err)
	}
	if !quoted {
		return b.String()
	}
	return escapeOrQuote.ReplaceAllStringFunc(b.String(), func(s string) string { return strings.TrimPrefix(s, `"`) })
}

func naiveVariable(event string, steps []naiveStep, quoted bool) string {
	found, isList, ok := naiveFind(json.RawMessage(event), steps)
	if !ok {
		return naiveShow(json.RawMessage(`""`), quoted)
	}
	var shown []string
	for _, v := range found {
		shown = append(shown, naiveShow(v, quoted))
	}
	if isList {
		return "[" + strings.Join(shown, ",") + "]"
	}
	return shown[0]
}
