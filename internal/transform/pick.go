package transform

// picker finds the values of many paths in one pass over an event. The paths
// are folded into a tree; what comes after the first wildcard of a path is left
// to the variable, which looks in the value that was found before it.
//
// Of a key that an object has twice, the last is meant, as in JSON.parse and
// encoding/json; so the pass always goes through whole objects.
type picker struct {
	root  node
	slots int
}

// node is a place in events that paths lead to or through.
type node struct {
	keys     []branch[string]
	elements []branch[int]
	wanted   bool
	slot     int // of this place, if it is wanted; then come those below it
	end      int // the slot after the last one below
}

type branch[K comparable] struct {
	by K
	to *node
}

// span is where a value is; that of a value which is missing is empty.
type span struct{ from, to int }

// add wants the value at the steps.
func (p *picker) add(steps []step) *node {
	n := &p.root
	for _, s := range steps {
		if s.kind == toKey {
			n = reach(&n.keys, s.key)
		} else {
			n = reach(&n.elements, s.index)
		}
	}
	n.wanted = true
	return n
}

func reach[K comparable](branches *[]branch[K], by K) *node {
	for _, b := range *branches {
		if b.by == by {
			return b.to
		}
	}
	n := new(node)
	*branches = append(*branches, branch[K]{by, n})
	return n
}

// number gives each wanted node its slot, so that those below a node follow it.
func (n *node) number(next int) int {
	n.slot = next
	if n.wanted {
		next++
	}
	for _, b := range n.keys {
		next = b.to.number(next)
	}
	for _, b := range n.elements {
		next = b.to.number(next)
	}
	n.end = next
	return next
}

// visit finds what is wanted at and below the value of n, which begins at i, and
// says where the value ends.
func (n *node) visit(event []byte, i int, found []span) int {
	clear(found[n.slot:n.end]) // found under the same key before
	to := n.below(event, i, found)
	if n.wanted {
		found[n.slot] = span{i, to}
	}
	return to
}

func (n *node) below(event []byte, i int, found []span) int {
	switch {
	case i >= len(event):
		return len(event)
	case event[i] == '{' && len(n.keys) > 0:
		c := enter(event, i)
		for key, at, ok := c.member(); ok; key, at, ok = c.member() {
			if to := n.member(key); to != nil {
				c.at = to.visit(event, at, found)
			} else {
				c.at = skipValue(event, at)
			}
		}
		return c.end()
	case event[i] == '[' && len(n.elements) > 0:
		c := enter(event, i)
		index := 0
		for at, ok := c.next(); ok; at, ok = c.next() {
			if to := n.element(index); to != nil {
				c.at = to.visit(event, at, found)
			} else {
				c.at = skipValue(event, at)
			}
			index++
		}
		return c.end()
	}
	return skipValue(event, i)
}

func (n *node) member(key []byte) *node {
	for i := range n.keys {
		if sameKey(key, n.keys[i].by) {
			return n.keys[i].to
		}
	}
	return nil
}

func (n *node) element(index int) *node {
	for i := range n.elements {
		if n.elements[i].by == index {
			return n.elements[i].to
		}
	}
	return nil
}
