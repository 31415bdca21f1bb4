package oracle

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"strings"

	"github.com/carillon-events/carillon/internal/pattern/syntax"
)

// Event is an event, flattened.
type Event struct {
	leaves    map[string][]*leaf // by path; in the order of the text
	emptyKeys bool               // some leaf has one, see leaf
}

// leaf is one scalar of an event.
type leaf struct {
	kind   kind
	text   string // of a string its value, else as in the event
	number syntax.Decimal
	ip     netip.Addr
	isIP   bool
	from   []element // of the arrays around it, but for one that it is directly in
	// emptyKey: one of the keys on the way is empty, or has an empty part
	// between dots. AWS looks into such keys only for patterns that have one too.
	emptyKey bool
}

type kind uint8

const (
	isString kind = iota
	isNumber
	isLiteral // true, false, null
)

// element is the place of a value in an array.
type element struct{ array, index int }

// maxDepth bounds the nesting of events.
const maxDepth = 1000

var errNotObject = errors.New("the event is not a JSON object")

// Flatten reads an event. Every key is kept, also one that comes twice.
func Flatten(event []byte) (*Event, error) {
	f := flattener{in: json.NewDecoder(bytes.NewReader(event))}
	f.in.UseNumber()
	f.out.leaves = map[string][]*leaf{}
	t, err := f.in.Token()
	if err != nil {
		return nil, err
	}
	if t != json.Delim('{') {
		return nil, errNotObject
	}
	if err := f.object(position{}); err != nil {
		return nil, err
	}
	return &f.out, nil
}

type flattener struct {
	in     *json.Decoder
	out    Event
	arrays int // seen so far; each gets a number
	depth  int
}

// position is where in the event a value is.
type position struct {
	path     string // joined keys
	keyed    bool   // there is a key on the way
	from     []element
	emptyKey bool
	// last is the innermost array that the value is directly in, if any. It
	// counts only for what is inside the value: scalars of one array combine.
	last *element
}

func (f *flattener) object(at position) error {
	for f.in.More() {
		t, err := f.in.Token()
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
		inside.emptyKey = at.emptyKey || hasEmptyKey(key)
		if err := f.value(inside); err != nil {
			return err
		}
	}
	_, err := f.in.Token()
	return err
}

func (f *flattener) array(at position) error {
	array := f.arrays
	f.arrays++
	for i := 0; f.in.More(); i++ {
		inside := at
		inside.last = &element{array, i}
		if err := f.value(inside); err != nil {
			return err
		}
	}
	_, err := f.in.Token()
	return err
}

func (f *flattener) value(at position) error {
	t, err := f.in.Token()
	if err != nil {
		return err
	}
	l := &leaf{kind: isLiteral, from: at.from, emptyKey: at.emptyKey}
	switch v := t.(type) {
	case json.Delim:
		if f.depth++; f.depth > maxDepth {
			return fmt.Errorf("the event is nested deeper than %d levels", maxDepth)
		}
		defer func() { f.depth-- }()
		if at.last != nil {
			at.from = append(at.from[:len(at.from):len(at.from)], *at.last)
			at.last = nil
		}
		if v == '{' {
			return f.object(at)
		}
		return f.array(at)
	case string:
		l.kind, l.text = isString, v
		l.ip, l.isIP = syntax.ParseAddress(v)
	case json.Number:
		l.kind, l.text, l.number = isNumber, v.String(), syntax.ParseDecimal(v.String())
	case bool:
		l.text = fmt.Sprint(v)
	case nil:
		l.text = "null"
	}
	f.out.emptyKeys = f.out.emptyKeys || l.emptyKey
	f.out.leaves[at.path] = append(f.out.leaves[at.path], l)
	return nil
}

// hasEmptyKey tells whether one of the keys that name joins is empty, by
// Java's split: empty keys at the end do not count, but "" is one empty key.
func hasEmptyKey(name string) bool {
	if name == "" {
		return true
	}
	name = strings.TrimRight(name, ".")
	return strings.HasPrefix(name, ".") || strings.Contains(name, "..")
}
