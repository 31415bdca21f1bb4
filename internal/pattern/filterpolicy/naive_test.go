package filterpolicy

import (
	"bytes"
	"encoding/json"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// naive is SNS's documentation as code: it walks the policy and the message as
// encoding/json reads them, and shares nothing with the matchers. What it does
// not know: arrays of objects, text that is an address, and case beyond ASCII.
type naive struct{ policy map[string]any }

func decode(text string) (v any, err error) {
	in := json.NewDecoder(bytes.NewReader([]byte(text)))
	in.UseNumber()
	err = in.Decode(&v)
	return v, err
}

func newNaive(policy string) naive {
	v, err := decode(policy)
	if err != nil {
		panic(err)
	}
	return naive{v.(map[string]any)}
}

func (n naive) body(text string) bool {
	if !json.Valid([]byte(text)) {
		return false
	}
	v, _ := decode(text)
	object, ok := v.(map[string]any)
	return ok && allOf(n.policy, object)
}

func (n naive) attributes(attrs []Attribute) bool {
	message := map[string]any{}
	for _, a := range attrs {
		switch a.Type {
		case "String":
			message[a.Name] = a.Value
		case "Number":
			message[a.Name] = json.Number(a.Value)
		case "String.Array":
			v, err := decode(a.Value)
			list, ok := v.([]any)
			if err != nil || !ok {
				return false
			}
			message[a.Name] = list
		}
	}
	return len(message) > 0 && allOf(n.policy, message)
}

// allOf tells whether every key of the policy matches.
func allOf(policy, message map[string]any) bool {
	for key, want := range policy {
		var ok bool
		switch want := want.(type) {
		case map[string]any:
			inside, _ := message[key].(map[string]any)
			ok = allOf(want, inside)
		case []any:
			if key == "$or" {
				ok = slices.ContainsFunc(want, func(p any) bool { return allOf(p.(map[string]any), message) })
				break
			}
			ok = anyOf(want, leaves(message[key], has(message, key)))
		}
		if !ok {
			return false
		}
	}
	return true
}

func has(m map[string]any, key string) bool {
	_, ok := m[key]
	return ok
}

// leaves are the values to compare: those of an array, and none of an object.
func leaves(v any, present bool) []any {
	switch v := v.(type) {
	case map[string]any:
		return nil
	case []any:
		return v
	}
	if !present {
		return nil
	}
	return []any{v}
}

func anyOf(wants, values []any) bool {
	return slices.ContainsFunc(wants, func(want any) bool {
		if m, ok := want.(map[string]any); ok && m["exists"] == false {
			return len(values) == 0
		}
		return slices.ContainsFunc(values, func(v any) bool { return accepts(want, v) })
	})
}

func accepts(want, v any) bool {
	m, ok := want.(map[string]any)
	if !ok {
		return same(want, v)
	}
	s, isString := v.(string)
	for operator, arg := range m {
		switch operator {
		case "exists":
			return true
		case "prefix":
			return isString && strings.HasPrefix(s, arg.(string))
		case "suffix":
			return isString && strings.HasSuffix(s, arg.(string))
		case "equals-ignore-case":
			return isString && strings.EqualFold(s, arg.(string))
		case "wildcard":
			return isString && like(arg.(string), s)
		case "cidr":
			a, err := netip.ParseAddr(s)
			return isString && err == nil && netip.MustParsePrefix(arg.(string)).Contains(a)
		case "numeric":
			return numeric(arg.([]any), v)
		case "anything-but":
			return !named(arg, v)
		}
	}
	panic("naive: no such operator")
}

// named tells whether what stands after anything-but names v.
func named(arg, v any) bool {
	switch arg := arg.(type) {
	case []any:
		return slices.ContainsFunc(arg, func(a any) bool { return same(a, v) })
	case map[string]any:
		return accepts(arg, v)
	}
	return same(arg, v)
}

func same(a, b any) bool {
	x, isNumber := float(a)
	y, other := float(b)
	if isNumber || other {
		return isNumber && other && x == y
	}
	return a == b
}

func float(v any) (float64, bool) {
	n, ok := v.(json.Number)
	f, err := strconv.ParseFloat(string(n), 64)
	return f, ok && err == nil
}

func numeric(terms []any, v any) bool {
	f, ok := float(v)
	for i := 0; ok && i < len(terms); i += 2 {
		bound, _ := float(terms[i+1])
		switch terms[i] {
		case "=":
			ok = f == bound
		case "<":
			ok = f < bound
		case "<=":
			ok = f <= bound
		case ">":
			ok = f > bound
		case ">=":
			ok = f >= bound
		}
	}
	return ok
}

// like tells whether text is pattern with anything for each star.
func like(pattern, text string) bool {
	if pattern == "" {
		return text == ""
	}
	if pattern[0] == '*' {
		return like(pattern[1:], text) || text != "" && like(pattern, text[1:])
	}
	return text != "" && text[0] == pattern[0] && like(pattern[1:], text[1:])
}
