package engine

import (
	"hash/maphash"
	"math/bits"
	"strings"
)

// keysFound is the keys of one value: what guards and tables are asked for.
type keysFound struct {
	ways   uint64          // those that the value has
	hashes [byRange]uint64 // by way
	at     point           // of a number or an address
	brief  uint64          // of that
	lower  []byte
	whole  bool // hashes of affixes are not wanted: guards compare the text
}

// waysOf are the ways that a value of a kind can have.
var waysOf = [...]uint64{
	isString:  1<<byText | 1<<byLower | 1<<byAddress | 1<<byPresence | 1<<byGram | (1<<byRange - 1<<byPrefix) | 1<<byBlock,
	isNumber:  1<<byNumber | 1<<byDigits | 1<<byPresence | 1<<byRange,
	isLiteral: 1<<byLiteral | 1<<byPresence,
}

const (
	affixMask  = 1<<affixClasses - 1
	lowerWays  = affixMask<<byPrefixLower | affixMask<<bySuffixLower | 1<<byLower
	numberWays = 1<<byNumber | 1<<byDigits | 1<<byRange
)

// find makes the keys of v, of those ways that are wanted; for guards only.
func (k *keysFound) find(seed maphash.Seed, v *value, ways uint64, guards bool) {
	k.whole = guards
	k.ways = ways & (1<<byPresence | 1<<byGram)
	k.hashes[byPresence] = 0
	switch v.kind {
	case isString:
		if ways&(1<<byText) != 0 {
			k.set(byText, v.hashed(seed))
		}
		if ways&^(1<<byText|1<<byPresence) != 0 {
			k.text(seed, v.text, ways)
		}
	case isLiteral:
		if ways&(1<<byLiteral) != 0 {
			k.set(byLiteral, uint64(v.text[0]))
		}
	case isNumber:
		if ways&numberWays != 0 {
			k.number(seed, v, ways)
		}
	}
}

func (k *keysFound) set(w way, hash uint64) {
	k.ways |= 1 << w
	k.hashes[w] = hash
}

func (k *keysFound) number(seed maphash.Seed, v *value, ways uint64) {
	if v.knows&knowsNumber == 0 {
		v.readNumber()
	}
	if v.knows&isComparable == 0 {
		if ways&(1<<byDigits) != 0 {
			k.set(byDigits, v.hashed(seed))
		}
		return
	}
	if ways&(1<<byNumber) != 0 {
		k.set(byNumber, numberHash(v.number))
	}
	k.ways |= ways & (1 << byRange)
	k.at = numberPoint(v.number)
	k.brief = k.at.brief()
}

func (k *keysFound) text(seed maphash.Seed, text string, ways uint64) {
	k.affixes(seed, text, ways, byPrefix)
	if ways&lowerWays != 0 {
		k.lower = appendLower(k.lower[:0], text)
		if ways&(1<<byLower) != 0 {
			k.set(byLower, maphash.Bytes(seed, k.lower))
		}
		k.affixes(seed, str(k.lower), ways, byPrefixLower)
	}
	if ways&(1<<byAddress|1<<byBlock) != 0 {
		if a, ok := address(text); ok {
			k.set(byAddress, addressHash(a))
			k.ways = k.ways&^(1<<byAddress) | ways&(1<<byAddress|1<<byBlock)
			k.at = addressPoint(a)
			k.brief = k.at.brief()
		}
	}
}

// affixes makes the keys of the beginnings, which are of the ways from first
// on, and of the ends, which come behind them.
func (k *keysFound) affixes(seed maphash.Seed, text string, ways uint64, first way) {
	if k.whole {
		k.ways |= ways & ((1<<(2*affixClasses) - 1) << first)
		return
	}
	for classes := ways >> first & affixMask; classes != 0; classes &= classes - 1 {
		c := way(bits.TrailingZeros64(classes))
		if n := affixSizes[c]; n <= len(text) {
			k.set(first+c, maphash.String(seed, text[:n]))
		}
	}
	first += affixClasses
	for classes := ways >> first & affixMask; classes != 0; classes &= classes - 1 {
		c := way(bits.TrailingZeros64(classes))
		if n := affixSizes[c]; n <= len(text) {
			k.set(first+c, maphash.String(seed, text[len(text)-n:]))
		}
	}
}

// leads tells whether v, whose keys these are, passes g, which is of a way that
// it has.
func (k *keysFound) leads(g *guard, v *value) bool {
	switch {
	case g.way < byGram:
		return k.hashes[g.way] == g.low
	case g.way == byGram:
		gram := [gramSize]byte{byte(g.low), byte(g.low >> 8), byte(g.low >> 16)}
		return strings.Contains(v.text, str(gram[:]))
	case g.way >= byRange:
		return g.low <= k.brief && k.brief <= g.high
	}
	text := v.text
	if g.way >= byPrefixLower {
		text = str(k.lower)
	}
	n := int(g.high)
	switch {
	case n > len(text):
		return false
	case g.way.isSuffix():
		return wordAt(bytesOf(text), len(text)-n, min(len(text)-n+8, len(text))) == g.low
	}
	return wordAt(bytesOf(text), max(0, n-8), n) == g.low
}
