package engine

import (
	"hash/maphash"

	"github.com/carillon-events/carillon/internal/pattern/syntax"
)

// way is how the values of an event lead to the subrules that may accept them.
type way uint8

const (
	byText        way = iota // the whole string
	byLower                  // the whole string, ASCII lowered
	byNumber                 // the value of a comparable number
	byDigits                 // the text of another number
	byLiteral                // true, false, null
	byAddress                // one IP address
	byPresence               // any value
	byGram                   // three characters somewhere in a string
	byPrefix                 // what a string begins with; +1 … for longer ones, see affixSizes
	bySuffix      = byPrefix + affixClasses
	byPrefixLower = bySuffix + affixClasses
	bySuffixLower = byPrefixLower + affixClasses
	byRange       = bySuffixLower + affixClasses // a number in an interval
	byBlock       = byRange + 1                  // an IP address in an interval
)

const affixClasses = 10

// affixSizes are how much of a prefix or suffix makes a key: as much as fits.
var affixSizes = [affixClasses]int{1, 2, 3, 4, 6, 8, 12, 16, 24, 32}

func affixClass(n int) way {
	c := affixClasses - 1
	for affixSizes[c] > n {
		c--
	}
	return way(c)
}

const gramSize = 3

// key is one way to a test: the subrule stands under all keys of one field. For
// byRange and byBlock it is an interval.
type key struct {
	way  way
	hash uint64
	text string // of a prefix or suffix, all of it
	interval
}

// keyOf appends the keys that lead to what the test accepts: one; or, of
// byGram, several of which any one will do.
func keysOf(dst []key, t *test, seed maphash.Seed) []key {
	hash := func(s string) uint64 { return maphash.String(seed, s) }
	affix := func(w way, s string, end bool) []key {
		if s == "" {
			return append(dst, key{way: byPresence})
		}
		c := affixClass(len(s))
		n := affixSizes[c]
		if end {
			return append(dst, key{way: w + c, hash: hash(s[len(s)-n:]), text: s})
		}
		return append(dst, key{way: w + c, hash: hash(s[:n]), text: s})
	}
	switch t.kind {
	case syntax.Equal:
		return append(dst, key{way: byText, hash: hash(t.text)})
	case syntax.Number:
		if t.hasOrder {
			return append(dst, key{way: byNumber, hash: numberHash(t.number)})
		}
		return append(dst, key{way: byDigits, hash: hash(t.text)})
	case syntax.Literal:
		return append(dst, key{way: byLiteral, hash: uint64(t.text[0])})
	case syntax.IP:
		a := t.more.addresses
		if a.Low == a.High {
			return append(dst, key{way: byAddress, hash: addressHash(a.Low)})
		}
		return append(dst, key{way: byBlock, interval: interval{addressPoint(a.Low), addressPoint(a.High)}})
	case syntax.Range:
		return append(dst, key{way: byRange, interval: numberInterval(t.more.bounds)})
	case syntax.Prefix:
		return affix(byPrefix, t.text, false)
	case syntax.Suffix:
		return affix(bySuffix, t.text, true)
	case syntax.Wildcard:
		return globKeys(dst, t.more.globs[0], seed, affix)
	case syntax.EqualFold, syntax.PrefixFold, syntax.SuffixFold:
		f := &t.more.folds[0]
		switch {
		case f.forms != nil:
		case t.kind == syntax.EqualFold:
			return append(dst, key{way: byLower, hash: hash(f.lower)})
		case t.kind == syntax.PrefixFold:
			return affix(byPrefixLower, f.lower, false)
		default:
			return affix(bySuffixLower, f.lower, true)
		}
	}
	return append(dst, key{way: byPresence})
}

// globKeys takes the best piece of a wildcard pattern that it can get.
func globKeys(dst []key, g syntax.Glob, seed maphash.Seed, affix func(way, string, bool) []key) []key {
	first, last := g[0], g[len(g)-1]
	if len(g) == 1 {
		return append(dst, key{way: byText, hash: maphash.String(seed, first)})
	}
	if len(first) >= gramSize+1 {
		return affix(byPrefix, first, false)
	}
	if len(last) >= gramSize+1 {
		return affix(bySuffix, last, true)
	}
	before := len(dst)
	for _, piece := range g {
		for i := 0; i+gramSize <= len(piece); i++ {
			dst = append(dst, key{way: byGram, hash: gramHash(piece[i], piece[i+1], piece[i+2])})
		}
	}
	switch {
	case len(dst) > before:
		return dst
	case first != "":
		return affix(byPrefix, first, false)
	}
	return affix(bySuffix, last, true)
}

func gramHash(a, b, c byte) uint64 { return uint64(a) | uint64(b)<<8 | uint64(c)<<16 }

// route is how a partition's subrules are reached from the values at one path:
// by guards while they are few, which stand beside each other in memory, and by
// a table and trees when they are many.
type route struct {
	path   int32
	users  int32 // subrules
	ways   uint64
	guards []guard
	many   *manyways // nil while there are few
}

// guard is a key in brief, and the subrule that it leads to.
type guard struct {
	// The hash, in both; or the ends of an interval, as far as 64 bits tell; or,
	// of a prefix its last eight bytes, of a suffix its first, and its length.
	low, high uint64
	sub       *subrule
	way       way
}

func newGuard(k key, sub *subrule) guard {
	switch {
	case k.way >= byRange:
		return guard{k.low.brief(), k.high.brief(), sub, k.way}
	case k.way < byPrefix:
		return guard{k.hash, k.hash, sub, k.way}
	case k.way.isSuffix():
		return guard{wordOf(k.text), uint64(len(k.text)), sub, k.way}
	}
	return guard{wordOf(k.text[max(0, len(k.text)-8):]), uint64(len(k.text)), sub, k.way}
}

// isSuffix tells one of the affixes from the other.
func (w way) isSuffix() bool {
	return w >= bySuffix && w < byPrefixLower || w >= bySuffixLower
}

// fewGuards are compared one by one.
const fewGuards = 32

// manyways is what a route has instead of guards.
type manyways struct {
	seed          uint64
	grams         *[gramWords]uint64
	number, block *intervals
	ranges        int // in both
}

// gramWords is the size of a Bloom filter of grams: most of a string's grams
// lead nowhere.
const gramWords = 64

func gramBit(hash uint64) (word int, bit uint64) {
	h := hash * 0x9E3779B97F4A7C15 >> 52
	return int(h >> 6), 1 << (h & 63)
}

// at is the key of the table of subrules.
func (r *manyways) at(w way, hash uint64) uint64 {
	return mix(hash+uint64(w)*0xC2B2AE3D27D4EB4F, r.seed)
}
