package main

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"os"
	"strings"
)

// untaken are the parts of a botocore model that are prose, or that only a
// client uses.
var untaken = map[string]bool{
	"documentation":       true,
	"documentationUrl":    true,
	"deprecatedMessage":   true,
	"deprecatedSince":     true,
	"examples":            true,
	"contextParam":        true,
	"staticContextParams": true,
	"endpoint":            true,
	"hostLabel":           true,
}

// trim reads a botocore service model and answers the part that we keep: no
// documentation text, and a note of where it is from.
func trim(path, source string) ([]byte, error) {
	data, err := readModel(path)
	if err != nil {
		return nil, err
	}
	tree, err := parseTree(data)
	if err != nil {
		return nil, err
	}
	kept := object{{"source", source}, {"licence", "Apache-2.0, see NOTICE"}}
	kept = append(kept, trimmed(tree)...)
	var compact, out bytes.Buffer
	if err := writeCompact(&compact, kept); err != nil {
		return nil, err
	}
	err = json.Indent(&out, compact.Bytes(), "", " ")
	out.WriteByte('\n')
	return out.Bytes(), err
}

func readModel(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if !strings.HasSuffix(path, ".gz") {
		return io.ReadAll(f)
	}
	unzipped, err := gzip.NewReader(f)
	if err != nil {
		return nil, err
	}
	return io.ReadAll(unzipped)
}

// trimmed drops what is untaken. The names of shapes, members and operations
// are left alone: a member may well be called "documentation".
func trimmed(o object) object {
	out := object{}
	for _, p := range o {
		if _, isObject := p.value.(object); untaken[p.name] && !(isObject && named(o)) {
			continue
		}
		if inner, ok := p.value.(object); ok {
			p.value = trimmed(inner)
		}
		out = append(out, p)
	}
	return out
}

// named says that o maps names of the service's own choice: every value is an
// object that describes a shape, a member or an operation.
func named(o object) bool {
	for _, p := range o {
		inner, ok := p.value.(object)
		if !ok {
			return false
		}
		_, member := inner.get("shape")
		_, shape := inner.get("type")
		_, operation := inner.get("http")
		if !member && !shape && !operation {
			return false
		}
	}
	return true
}
