package explain

import (
	"encoding/json"
	"fmt"
	"strings"
	"unicode"
)

// nameIndex finds paths that are nearly the one asked for.
type nameIndex struct {
	all   map[string]bool
	plain map[string]string   // by plain
	last  map[string][]string // by the last key: where there is such a key
}

const (
	maxNames  = 1 << 14 // paths that are indexed
	maxHinted = 256     // bytes of one
)

func (n *nameIndex) add(path string) {
	if n.all == nil {
		n.all, n.plain, n.last = map[string]bool{}, map[string]string{}, map[string][]string{}
	}
	if len(n.all) >= maxNames || len(path) > maxHinted || n.all[path] {
		return
	}
	n.all[path] = true
	if p := Plain(path); n.plain[p] == "" {
		n.plain[p] = path
	}
	if _, last := cutLast(path); len(n.last[last]) < 2 {
		n.last[last] = append(n.last[last], path)
	}
}

// Plain is a name without what is easily got wrong: case, hyphens, underscores
// and spaces.
func Plain(name string) string {
	return strings.Map(func(c rune) rune {
		if c == '-' || c == '_' || c == ' ' {
			return -1
		}
		return unicode.ToLower(c)
	}, name)
}

// Near is a path of the event that differs only in case, hyphens or underscores.
func (e *Event) Near(path string) (string, bool) {
	near := e.names.plain[Plain(path)]
	return near, near != "" && near != path
}

// Hint is what may have been meant by a path that the event does not have;
// nothing if there is no idea.
func (e *Event) Hint(path string) string { return e.hint(path, true) }

// cutLast splits a path before its last key.
func cutLast(path string) (before, last string) {
	if i := strings.LastIndexByte(path, '.'); i >= 0 {
		return path[:i], path[i+1:]
	}
	return "", path
}

// hint is what may have been meant by a path at which there is no value.
func (e *Event) hint(path string, emptyKeys bool) string {
	if len(path) > maxHinted {
		return ""
	}
	if len(e.values[path]) > 0 && !emptyKeys {
		return "there is a value below an empty key, where AWS does not look"
	}
	if c := e.containers[path]; c != nil {
		return c.asValue()
	}
	if near, ok := e.Near(path); ok {
		return fmt.Sprintf("the event has %s, which differs only in %s", Printable(near), difference(path, near))
	}
	if above := e.valueAbove(path); above != "" {
		return above
	}
	if typo := e.typo(path); typo != "" {
		return fmt.Sprintf("the event has %s: a misspelling?", Printable(typo))
	}
	_, last := cutLast(path)
	if others := e.names.last[last]; len(others) > 0 {
		return fmt.Sprintf("the event has such a key elsewhere: %s", Printable(others[0]))
	}
	return e.siblings(path)
}

func difference(a, b string) string {
	if strings.EqualFold(a, b) {
		return "case"
	}
	strip := strings.NewReplacer("-", "", "_", "", " ", "")
	if strip.Replace(a) == strip.Replace(b) {
		return "hyphens or underscores"
	}
	return "case and hyphens"
}

// asValue says that an object or array is no value.
func (c *container) asValue() string {
	switch {
	case c.object && len(c.keys) > 0:
		return "there is an object, and tests look at single values: name a key in it, such as " + Printable(clip(c.keys[0], maxText))
	case c.object:
		return "there is an empty object, which counts as missing"
	}
	return "there is an empty array, which counts as missing"
}

// valueAbove says that something above path is no object.
func (e *Event) valueAbove(path string) string {
	for above, _ := cutLast(path); above != ""; above, _ = cutLast(above) {
		if e.containers[above] != nil && e.containers[above].object {
			return ""
		}
		for _, v := range e.values[above] {
			if v.kind == isString && holdsObject(v.text) {
				return fmt.Sprintf("%s is a string that holds JSON, and patterns do not look into strings", Printable(above))
			}
			return fmt.Sprintf("%s is %s, not an object", Printable(above), article(v.kind))
		}
	}
	return ""
}

func holdsObject(s string) bool {
	s = strings.TrimSpace(s)
	return strings.HasPrefix(s, "{") && json.Valid([]byte(s))
}

// siblings names the keys beside which the missing one would be.
func (e *Event) siblings(path string) string {
	c, above, last := e.around(path)
	if c == nil || !c.object || len(c.keys) == 0 {
		return ""
	}
	var names []string
	for _, k := range c.keys {
		names = append(names, clip(Printable(k), 40))
	}
	more := ""
	if len(names) > maxKeys {
		names, more = names[:maxKeys], " and more"
	}
	return fmt.Sprintf("%s has no %s; it has %s%s", Printable(above), Printable(last), strings.Join(names, ", "), more)
}

// typo is a path of the event that differs from the missing one by a slip of the
// finger in its last key.
func (e *Event) typo(path string) string {
	c, _, last := e.around(path)
	if c == nil {
		return ""
	}
	for _, k := range c.keys {
		if Misspelt(last, k) {
			return clip(strings.TrimSuffix(path, last)+k, maxHinted)
		}
	}
	return ""
}

// Misspelt tells whether one name is the other with one character too many, too
// few, another, or two swapped. Short names are all alike and do not count.
func Misspelt(a, b string) bool {
	if len(a) > len(b) {
		a, b = b, a
	}
	if len(a) < 4 || len(b)-len(a) > 1 || a == b {
		return false
	}
	i := 0
	for i < len(a) && a[i] == b[i] {
		i++
	}
	if len(a) < len(b) {
		return a[i:] == b[i+1:]
	}
	return a[i+1:] == b[i+1:] || i+1 < len(a) && a[i] == b[i+1] && a[i+1] == b[i] && a[i+2:] == b[i+2:]
}
