package engine

import (
	"bytes"
	"errors"
)

// ErrMalformed: the event is not a JSON object. Match does not check events,
// but notices some.
var ErrMalformed = errors.New("the event is not a JSON object")

// MaxDepth bounds the nesting of events.
const MaxDepth = 1000

// walk reads an event as far as some rule wants to know.
type walk struct {
	event    []byte
	blocks   []block
	escapes  bool // there is a backslash
	values   []value
	heads    []head // by path
	epoch    uint32
	elements []element // [0] is none
	arrays   int32
	depth    int
	emptyKey bool   // of the keys on the way here
	emptyAny bool   // some value has an empty key
	nested   bool   // some value is in an array's container
	room     []byte // strings without their escapes
	later    []deferred
	postpone bool // containers at the top are for later
	owner    *Memory
}

// decide ends the postponing once the event is known to be of interest. Events
// have their source and detail-type before the detail, but for odd ones; those
// with source after source are read as they come.
func (w *walk) decide() bool {
	w.owner.choose()
	w.postpone = len(w.owner.parts) == 0 && w.owner.choices <= fewChoices
	return !w.postpone
}

// head is the first value at a path, if the epoch is that of the walk.
type head struct {
	epoch  uint32
	first  int32
	nested bool // some value here is in an array's container
}

// deferred is a container at the top of the event.
type deferred struct {
	at   int
	node *node
}

// begin makes ready for an event, whose values may have that many paths.
func (w *walk) begin(event []byte, paths int) {
	n := blocksOf(event)
	if cap(w.blocks) < n {
		w.blocks = make([]block, n, n+n/4)
	}
	w.event, w.blocks = event, w.blocks[:n]
	w.escapes = maskEvent(w.blocks, event)
	if len(w.heads) < paths {
		w.heads = make([]head, paths+paths/4+16)
		w.epoch = 0
	}
	if w.epoch++; w.epoch == 0 { // once in four billion events
		clear(w.heads)
		w.epoch = 1
	}
	w.values, w.room, w.later = w.values[:0], w.room[:0], w.later[:0]
	w.elements = append(w.elements[:0], element{})
	w.arrays, w.depth = 0, 0
	w.emptyKey, w.emptyAny, w.nested = false, false, false
}

// top walks the event's own object.
func (w *walk) top(root *node) bool {
	at := skipSpace(w.event, 0)
	if at >= len(w.event) || w.event[at] != '{' {
		return false
	}
	return w.object(at+1, root, 0) >= 0
}

// rest walks the containers that top left for later.
func (w *walk) rest() bool {
	w.postpone = false
	for _, d := range w.later {
		w.depth = 0
		if w.container(d.at, d.node, 0) < 0 {
			return false
		}
	}
	return true
}

func skipSpace(b []byte, at int) int {
	for at < len(b) && b[at] <= ' ' {
		at++
	}
	return at
}

// object walks the members of an object, whose brace is before at, and is the
// position behind it; -1 where that is not JSON.
func (w *walk) object(at int, n *node, from int32) int {
	b, blocks := w.event, w.blocks
	for {
		if at < len(b) && b[at] == ',' {
			at++
		}
		if at >= len(b) || b[at] != '"' { // otherwise there is no space, as in most events
			if at = skipSpace(b, at); at >= len(b) {
				return -1
			}
			switch b[at] {
			case '"':
			case ',':
				continue
			case '}':
				return at + 1
			default:
				return -1
			}
		}
		start := at + 1
		end := nextQuote(blocks, start)
		if end < 0 {
			return -1
		}
		if at = end + 1; at >= len(b) || b[at] != ':' {
			if at = skipSpace(b, at); at >= len(b) || b[at] != ':' {
				return -1
			}
		}
		if at = skipSpace(b, at+1); at >= len(b) {
			return -1
		}
		child, word := n.find(b, start, end)
		switch {
		case start == end, w.escapes && bytes.IndexByte(b[start:end], '\\') >= 0, child == nil && n.deep && hasDot(b, start, end, word):
			at = w.oddKey(at, n, b[start:end], from)
		case b[at] == '"': // most values, without a call
			start = at + 1
			if end = nextQuote(blocks, start); end < 0 {
				return -1
			}
			if child != nil && child.path >= 0 {
				w.add(child.path, isString, w.characters(b[start:end]), from)
			}
			at = end + 1
			continue
		default:
			at = w.value(at, child, from)
		}
		if at < 0 {
			return -1
		}
	}
}

// oddKey walks the value of a key that has a dot, an escape, or nothing.
func (w *walk) oddKey(at int, n *node, key []byte, from int32) int {
	if w.escapes && bytes.IndexByte(key, '\\') >= 0 {
		begin := len(w.room)
		w.room = unescape(w.room, key)
		key = w.room[begin:]
	}
	before := w.emptyKey
	w.emptyKey = before || hasEmptyKey(key)
	for more := true; more && n != nil; {
		part := key
		dot := bytes.IndexByte(key, '.')
		if more = dot >= 0; more {
			part, key = key[:dot], key[dot+1:]
		}
		n, _ = n.find(part, 0, len(part))
	}
	// What is under such a key at the top need not wait: it is rare.
	postpone := w.postpone
	w.postpone = false
	at = w.value(at, n, from)
	w.postpone = postpone
	w.emptyKey = before
	return at
}

// value walks, or skips where n is nil, the value that begins at at.
func (w *walk) value(at int, n *node, from int32) int {
	if at >= len(w.event) {
		return -1
	}
	switch w.event[at] {
	case '"':
		end := nextQuote(w.blocks, at+1)
		if end < 0 {
			return -1
		}
		if n != nil && n.path >= 0 {
			w.add(n.path, isString, w.characters(w.event[at+1:end]), from)
		}
		return end + 1
	case '{', '[':
		if n == nil || len(n.kids) == 0 && (n.path < 0 || w.event[at] == '{') {
			return containerEnd(w.blocks, at)
		}
		if w.postpone && w.depth == 0 && !w.owner.partitions(n) && !w.decide() {
			w.later = append(w.later, deferred{at, n})
			return containerEnd(w.blocks, at)
		}
		return w.container(at, n, from)
	}
	return w.scalar(at, n, from)
}

// container walks an object or an array.
func (w *walk) container(at int, n *node, from int32) int {
	if w.depth++; w.depth > MaxDepth {
		return -1
	}
	if w.event[at] == '{' {
		at = w.object(at+1, n, from)
	} else {
		at = w.array(at+1, n, from)
	}
	w.depth--
	return at
}

func (w *walk) array(at int, n *node, from int32) int {
	b := w.event
	id := w.arrays
	w.arrays++
	for index := int32(0); ; {
		at = skipSpace(b, at)
		if at >= len(b) {
			return -1
		}
		switch b[at] {
		case ']':
			return at + 1
		case ',':
			at++
			index++
			continue
		case '{', '[':
			if len(n.kids) == 0 && b[at] == '{' {
				at = containerEnd(w.blocks, at)
			} else {
				w.elements = append(w.elements, element{id, index, from})
				at = w.container(at, n, int32(len(w.elements)-1))
			}
		default:
			at = w.value(at, n, from)
		}
		if at < 0 {
			return -1
		}
	}
}

var endsScalar = func() (ends [256]bool) {
	for c := range ' ' + 1 {
		ends[c] = true
	}
	ends[','], ends[']'], ends['}'] = true, true, true
	return ends
}()

// scalar walks a number or a literal.
func (w *walk) scalar(at int, n *node, from int32) int {
	b := w.event
	end := at
	for end < len(b) && !endsScalar[b[end]] {
		end++
	}
	if end == at {
		return -1
	}
	if n != nil && n.path >= 0 {
		k := isNumber
		if b[at] >= 'a' {
			k = isLiteral
		}
		w.add(n.path, k, str(b[at:end]), from)
	}
	return end
}

// characters is what the inside of a string stands for.
func (w *walk) characters(in []byte) string {
	if !w.escapes || bytes.IndexByte(in, '\\') < 0 {
		return str(in)
	}
	begin := len(w.room)
	w.room = unescape(w.room, in)
	return str(w.room[begin:])
}

func (w *walk) add(path int32, k kind, text string, from int32) {
	n := len(w.values)
	if n == cap(w.values) {
		w.values = append(w.values, value{})
	}
	w.values = w.values[:n+1]
	v := &w.values[n]
	v.text, v.kind, v.from, v.path, v.knows, v.emptyKey = text, k, from, path, 0, w.emptyKey
	h := &w.heads[path]
	v.next = -1
	if h.epoch == w.epoch {
		v.next = h.first
	} else {
		h.epoch, h.nested = w.epoch, false
	}
	h.first, h.nested = int32(n), h.nested || from != 0
	w.nested = w.nested || from != 0
	w.emptyAny = w.emptyAny || w.emptyKey
}

// first is the first value at a path; -1 if there is none.
func (w *walk) first(path int32) int32 {
	if h := &w.heads[path]; h.epoch == w.epoch {
		return h.first
	}
	return -1
}
