package engine

import (
	"math"
	"net/netip"

	"github.com/carillon-events/carillon/internal/pattern/syntax"
)

// point is a place on a line: a number, or an IP address, in their order.
type point struct{ high, low uint64 }

func (a point) less(b point) bool { return a.high < b.high || a.high == b.high && a.low < b.low }

// brief keeps the order, but takes neighbours for the same. It is for numbers,
// and for the addresses of one family.
func (a point) brief() uint64 {
	const mapped = 0xffff << 32 // IPv4
	if a.high == 0 && a.low>>32 == mapped>>32 {
		return a.low
	}
	return a.high
}

// numberPoint keeps the order of numbers.
func numberPoint(v float64) point {
	b := math.Float64bits(v)
	if b>>63 != 0 {
		return point{high: ^b}
	}
	return point{high: b | 1<<63}
}

// addressPoint keeps the order of the addresses of one family; IPv4 stands in
// IPv6's corner for it, where no address of IPv6 is read as one.
func addressPoint(a netip.Addr) point {
	b := a.As16()
	var p point
	for i := range 8 {
		p.high, p.low = p.high<<8|uint64(b[i]), p.low<<8|uint64(b[8+i])
	}
	return p
}

// interval is both ends included; what a range leaves open is sorted out by
// whoever looks at the candidates.
type interval struct{ low, high point }

func numberInterval(b syntax.Bounds) interval {
	i := interval{high: point{math.MaxUint64, math.MaxUint64}}
	if b.HasLow {
		i.low = numberPoint(b.Low)
	}
	if b.HasHigh {
		i.high = numberPoint(b.High)
	}
	return i
}

// intervals is a set of intervals, each with a subrule: a treap, ordered by low
// ends and then by number, that knows the highest high end below each node. It
// is never changed; add and remove copy the path that they take.
type intervals struct {
	interval
	sub         *subrule
	number      uint64
	priority    uint64
	reach       point // the highest high end here and below
	left, right *intervals
}

func (t *intervals) before(i interval, number uint64) bool {
	if t.low != i.low {
		return t.low.less(i.low)
	}
	return t.number < number
}

// with is t and one node more.
func (t *intervals) with(n *intervals) *intervals {
	if t == nil {
		return n.joined(nil, nil)
	}
	if n.priority > t.priority {
		left, right := t.split(n.interval, n.number)
		return n.joined(left, right)
	}
	if t.before(n.interval, n.number) {
		return t.joined(t.left, t.right.with(n))
	}
	return t.joined(t.left.with(n), t.right)
}

// without is t less the node of that interval and number.
func (t *intervals) without(i interval, number uint64) *intervals {
	switch {
	case t == nil:
		return nil
	case t.low == i.low && t.number == number:
		return merge(t.left, t.right)
	case t.before(i, number):
		return t.joined(t.left, t.right.without(i, number))
	}
	return t.joined(t.left.without(i, number), t.right)
}

// split is what comes before, and what not.
func (t *intervals) split(i interval, number uint64) (left, right *intervals) {
	if t == nil {
		return nil, nil
	}
	if t.before(i, number) {
		l, r := t.right.split(i, number)
		return t.joined(t.left, l), r
	}
	l, r := t.left.split(i, number)
	return l, t.joined(r, t.right)
}

func merge(a, b *intervals) *intervals {
	switch {
	case a == nil:
		return b
	case b == nil:
		return a
	case a.priority > b.priority:
		return a.joined(a.left, merge(a.right, b))
	}
	return b.joined(merge(a, b.left), b.right)
}

// joined is a copy of t with these below it.
func (t *intervals) joined(left, right *intervals) *intervals {
	n := *t
	n.left, n.right, n.reach = left, right, n.high
	for _, below := range [...]*intervals{left, right} {
		if below != nil && n.reach.less(below.reach) {
			n.reach = below.reach
		}
	}
	return &n
}

// each calls fn with the subrules of the intervals that hold p.
func (t *intervals) each(p point, fn func(*subrule)) {
	for t != nil && !t.reach.less(p) {
		t.left.each(p, fn)
		if p.less(t.low) {
			return
		}
		if !t.high.less(p) {
			fn(t.sub)
		}
		t = t.right
	}
}
