package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
)

// object is a JSON object that remembers the order of its members: the order
// of a structure's members is the order of the fields and of the encoded
// answer, and encoding/json's maps would lose it.
type object []property

type property struct {
	name  string
	value any // object, []any, string, json.Number, bool or nil
}

func (o object) get(name string) (any, bool) {
	for _, p := range o {
		if p.name == name {
			return p.value, true
		}
	}
	return nil, false
}

func parseTree(data []byte) (object, error) {
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	v, err := parseValue(d)
	if err != nil {
		return nil, err
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, fmt.Errorf("more than one JSON document")
	}
	o, ok := v.(object)
	if !ok {
		return nil, fmt.Errorf("not a JSON object")
	}
	return o, nil
}

func parseValue(d *json.Decoder) (any, error) {
	token, err := d.Token()
	if err != nil {
		return nil, err
	}
	switch token {
	case json.Delim('{'):
		return parseObject(d)
	case json.Delim('['):
		list := []any{}
		for d.More() {
			v, err := parseValue(d)
			if err != nil {
				return nil, err
			}
			list = append(list, v)
		}
		_, err := d.Token()
		return list, err
	}
	return token, nil
}

func parseObject(d *json.Decoder) (any, error) {
	o := object{}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return nil, err
		}
		v, err := parseValue(d)
		if err != nil {
			return nil, err
		}
		o = append(o, property{name.(string), v})
	}
	_, err := d.Token()
	return o, err
}

// mergePatch is RFC 7386 that keeps the order of what is there already.
func mergePatch(target, patch object) object {
	out := append(object{}, target...)
	for _, p := range patch {
		out = out.patched(p)
	}
	return out
}

func (o object) patched(p property) object {
	for i := range o {
		if o[i].name != p.name {
			continue
		}
		if p.value == nil {
			return append(o[:i:i], o[i+1:]...)
		}
		inner, ok := p.value.(object)
		if was, both := o[i].value.(object); ok && both {
			o[i].value = mergePatch(was, inner)
		} else {
			o[i].value = p.value
		}
		return o
	}
	if p.value == nil {
		return o
	}
	return append(o, p)
}

func (o object) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, p := range o {
		if i > 0 {
			b.WriteByte(',')
		}
		if err := writeCompact(&b, p.name); err != nil {
			return nil, err
		}
		b.WriteByte(':')
		if err := writeCompact(&b, p.value); err != nil {
			return nil, err
		}
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

func writeCompact(b *bytes.Buffer, v any) error {
	e := json.NewEncoder(b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return err
	}
	b.Truncate(b.Len() - 1) // the encoder's newline
	return nil
}
