package explain

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/carillon-events/carillon/internal/pattern/oracle"
	"github.com/carillon-events/carillon/internal/pattern/syntax"
)

// Event is an event as a pattern sees it: values by path, each with its place.
type Event struct {
	values     map[string][]*value
	containers map[string]*container
	root       container // the event itself, which has no path
	names      nameIndex
}

// value is one scalar of an event.
type value struct {
	kind     string // as in Value.Type
	text     string // of a string its value, else as in the event
	number   syntax.Decimal
	place    *place
	from     []element // as the oracle has it: of the arrays around, but for one that it is directly in
	emptyKey bool      // …: some key on the way is empty

	alone *oracle.Event // {"v": the value}, see judge
}

const (
	isString  = "string"
	isNumber  = "number"
	isBoolean = "boolean"
	isNull    = "null"
)

// element is one element of one array.
type element struct {
	array, index int
	place        *place
}

// place is where something is: a key of an object, or an element of an array.
type place struct {
	in    *place
	key   string
	index int // of an element; -1 with a key
}

// String is the place as people write it: detail.items[1].sku
func (p *place) String() string {
	var up []*place
	size := 0
	for ; p != nil; p = p.in {
		up = append(up, p)
		size += len(p.key) + 4
	}
	var b strings.Builder
	b.Grow(min(size, 2*maxPath))
	for i := len(up) - 1; i >= 0 && b.Len() <= maxPath; i-- {
		switch {
		case up[i].index >= 0:
			b.WriteString("[" + strconv.Itoa(up[i].index) + "]")
		case b.Len() > 0:
			b.WriteString("." + up[i].key)
		default:
			b.WriteString(up[i].key)
		}
	}
	return clip(Printable(b.String()), maxPath)
}

// container is the objects and arrays at one path.
type container struct {
	object, array bool
	keys          []string // the first few that the objects have
}

const maxKeys = 8 // of a container

// maxDepth bounds the nesting of events, as the oracle does.
const maxDepth = 1000

// Read reads an event. It accepts what the oracle accepts.
func Read(event []byte) (*Event, error) {
	r := reader{in: json.NewDecoder(bytes.NewReader(event))}
	r.in.UseNumber()
	r.out = &Event{values: map[string][]*value{}, containers: map[string]*container{}}
	t, err := r.in.Token()
	if err != nil {
		return nil, err
	}
	if t != json.Delim('{') {
		return nil, errors.New("the event is not a JSON object")
	}
	if err := r.object(position{}); err != nil {
		return nil, err
	}
	return r.out, nil
}

type reader struct {
	in     *json.Decoder
	out    *Event
	arrays int
	depth  int
}

// position is where the reader is.
type position struct {
	path     string
	keyed    bool // there is a key on the way
	place    *place
	from     []element
	direct   *element // the array that the value is directly in, if any
	emptyKey bool
}

func (r *reader) object(at position) error {
	c := r.container(at)
	for r.in.More() {
		t, err := r.in.Token()
		if err != nil {
			return err
		}
		key := t.(string) // json.Decoder lets nothing else stand here
		inside := at
		inside.path = key
		if at.keyed {
			inside.path = at.path + "." + key
		}
		inside.keyed = true
		inside.place = &place{at.place, key, -1}
		inside.emptyKey = at.emptyKey || hasEmptyKey(key)
		c.object = true
		c.add(key)
		r.out.names.add(inside.path)
		if err := r.value(inside); err != nil {
			return err
		}
	}
	_, err := r.in.Token()
	return err
}

func (r *reader) array(at position) error {
	array := r.arrays
	r.arrays++
	r.container(at).array = true
	for i := 0; r.in.More(); i++ {
		inside := at
		inside.place = &place{at.place, "", i}
		inside.direct = &element{array, i, inside.place}
		if err := r.value(inside); err != nil {
			return err
		}
	}
	_, err := r.in.Token()
	return err
}

func (r *reader) value(at position) error {
	t, err := r.in.Token()
	if err != nil {
		return err
	}
	v := &value{place: at.place, from: at.from, emptyKey: at.emptyKey}
	switch t := t.(type) {
	case json.Delim:
		if r.depth++; r.depth > maxDepth {
			return fmt.Errorf("the event is nested deeper than %d levels", maxDepth)
		}
		defer func() { r.depth-- }()
		if at.direct != nil {
			at.from = append(at.from[:len(at.from):len(at.from)], *at.direct)
			at.direct = nil
		}
		if t == '{' {
			return r.object(at)
		}
		return r.array(at)
	case string:
		v.kind, v.text = isString, t
	case json.Number:
		v.kind, v.text, v.number = isNumber, t.String(), syntax.ParseDecimal(t.String())
	case bool:
		v.kind, v.text = isBoolean, fmt.Sprint(t)
	case nil:
		v.kind, v.text = isNull, "null"
	}
	r.out.values[at.path] = append(r.out.values[at.path], v)
	return nil
}

// container is what is known of the objects and arrays at a path.
func (r *reader) container(at position) *container {
	if !at.keyed {
		return &r.out.root
	}
	c := r.out.containers[at.path]
	if c == nil {
		c = &container{}
		r.out.containers[at.path] = c
	}
	return c
}

// around is the container that a path ends in, if the event has it, and the
// path's last key.
func (e *Event) around(path string) (c *container, above, last string) {
	i := strings.LastIndexByte(path, '.')
	if i < 0 {
		return &e.root, "the event", path
	}
	return e.containers[path[:i]], path[:i], path[i+1:]
}

func (c *container) add(key string) {
	if len(c.keys) > maxKeys {
		return
	}
	for _, k := range c.keys {
		if k == key {
			return
		}
	}
	c.keys = append(c.keys, key)
}

// hasEmptyKeys tells whether AWS looks into empty keys for this pattern.
func hasEmptyKeys(p *syntax.Pattern) bool {
	for _, branch := range p.Branches {
		for _, f := range branch {
			if hasEmptyKey(f.Name) {
				return true
			}
		}
	}
	return false
}

// hasEmptyKey tells whether one of the keys that name joins is empty, as the
// oracle sees it: those at the end do not count, but "" is one.
func hasEmptyKey(name string) bool {
	if name == "" {
		return true
	}
	name = strings.TrimRight(name, ".")
	return strings.HasPrefix(name, ".") || strings.Contains(name, "..")
}

// at are the values at a path that a pattern sees.
func (e *Event) at(path string, emptyKeys bool) []*value {
	all := e.values[path]
	if emptyKeys {
		return all
	}
	for i, v := range all {
		if v.emptyKey {
			out := all[:i:i]
			for _, v := range all[i:] {
				if !v.emptyKey {
					out = append(out, v)
				}
			}
			return out
		}
	}
	return all
}

// Types are the JSON types of the values at a path, each once.
func (e *Event) Types(path string) []string {
	var out []string
	seen := map[string]bool{}
	for _, v := range e.values[path] {
		if !seen[v.kind] {
			seen[v.kind] = true
			out = append(out, v.kind)
		}
	}
	return out
}
