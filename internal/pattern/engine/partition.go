package engine

import (
	"hash/maphash"
	"math/bits"
	"slices"
)

// partition is the subrules that want one source and one detail-type, or do
// not mind. Most events on a busy bus are of no interest to most rules, and
// these two fields say so soonest.
type partition struct {
	shape              int
	source, detailType uint64 // hashes; they mean nothing where the shape does not want them
	users              int
	always             []*subrule // found by nothing else
	routes             []route
	dead               int     // routes that nothing is found by any more
	byPath             []int32 // route + 1, by the path's hash; where there are many
	owner              edit
}

// shape of a partition: which of the two fields it wants.
const (
	wantsSource = 1 << iota
	wantsDetailType
)

// maxExact is how many sources, or detail-types, a rule may list and still
// stand in a partition of each.
const maxExact = 4

// fewRoutes are looked through one by one.
const fewRoutes = 12

// eachPartition calls fn with the partitions that sub stands in.
func (s *Set) eachPartition(sub *subrule, fn func(shape int, source, detailType uint64)) {
	sources, detailTypes := []string(nil), []string(nil)
	for i := range sub.fields {
		switch f := &sub.fields[i]; f.name {
		case "source":
			sources = f.exact(maxExact)
		case "detail-type":
			detailTypes = f.exact(maxExact)
		}
	}
	shape := 0
	if sources != nil {
		shape |= wantsSource
	} else {
		sources = []string{""}
	}
	if detailTypes != nil {
		shape |= wantsDetailType
	} else {
		detailTypes = []string{""}
	}
	for _, source := range sources {
		for _, detailType := range detailTypes {
			fn(shape, maphash.String(s.seed, source), maphash.String(s.seed, detailType))
		}
	}
}

// partitionHash is the key of a partition. What its shape does not want is 0.
func partitionHash(shape int, source, detailType uint64) uint64 {
	h := uint64(shape)
	if shape&wantsSource != 0 {
		h = mix(h, source)
	}
	if shape&wantsDetailType != 0 {
		h = mix(h, detailType+1)
	}
	return h * 0x9E3779B97F4A7C15
}

// writable is p if by owns it, else a copy that by owns, with all that a change
// writes into.
func (p *partition) writable(by edit) *partition {
	if p.owner == by {
		return p
	}
	c := *p
	c.routes, c.byPath, c.owner = slices.Clone(p.routes), slices.Clone(p.byPath), by
	for i := range c.routes {
		if r := &c.routes[i]; r.many != nil {
			m := *r.many
			r.many = &m
		}
	}
	return &c
}

// find is the route of a path; nil if there is none.
func (p *partition) find(path int32) *route {
	if p.byPath == nil {
		for i := range p.routes {
			if p.routes[i].path == path {
				return &p.routes[i]
			}
		}
		return nil
	}
	mask := uint32(len(p.byPath) - 1)
	for i := hashPath(path) & mask; p.byPath[i] != 0; i = (i + 1) & mask {
		if r := &p.routes[p.byPath[i]-1]; r.path == path {
			return r
		}
	}
	return nil
}

func hashPath(path int32) uint32 {
	h := uint32(path) * 0x9E3779B1
	return h ^ h>>15
}

// route is the route of a path in p, which is writable.
func (p *partition) route(path int32) *route {
	if r := p.find(path); r != nil {
		if r.users == 0 {
			p.dead--
		}
		return r
	}
	p.routes = append(p.routes, route{path: path})
	if n := len(p.routes); n > fewRoutes {
		p.index(n - 1)
	}
	return &p.routes[len(p.routes)-1]
}

// drop forgets a route that has no users. Its place stays until half are such:
// to close each gap would take the square of the routes when all go.
func (p *partition) drop(r *route) {
	*r = route{path: r.path}
	if p.dead++; 2*p.dead < len(p.routes) {
		return
	}
	p.routes = slices.DeleteFunc(p.routes, func(r route) bool { return r.users == 0 })
	p.dead, p.byPath = 0, nil
	if len(p.routes) > fewRoutes {
		p.index(0)
	}
}

// index puts route i into byPath, or all where it has no room or is not there.
func (p *partition) index(i int) {
	if 2*len(p.routes) > len(p.byPath) {
		p.byPath, i = make([]int32, 1<<bits.Len(uint(3*len(p.routes)))), 0
	}
	mask := uint32(len(p.byPath) - 1)
	for ; i < len(p.routes); i++ {
		at := hashPath(p.routes[i].path) & mask
		for p.byPath[at] != 0 {
			at = (at + 1) & mask
		}
		p.byPath[at] = int32(i + 1)
	}
}
