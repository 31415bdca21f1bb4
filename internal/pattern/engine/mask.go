package engine

import (
	"encoding/binary"
	"math/bits"
)

// block says of 64 bytes of an event, a bit a byte, what the walk jumps between.
type block struct {
	quote uint64 // quotes that begin or end a string
	open  uint64 // { and [ outside strings
	shut  uint64 // } and ] outside strings
}

const blockSize = 64

// maskState is what one block leaves to the next. The zero value begins an event.
type maskState struct {
	inString  uint64 // all ones if the block ended inside a string
	escaped   uint64 // 1 if its last byte escapes the next one
	backslash uint64 // not 0 if there was any backslash
}

// maskEvent fills dst with the blocks of event and tells whether it has a
// backslash. dst has blocksOf(event) places.
func maskEvent(dst []block, event []byte) (escapes bool) {
	var st maskState
	whole := len(event) / blockSize
	if whole > 0 {
		maskBlocks(dst[:whole], event[:whole*blockSize], &st)
	}
	if rest := event[whole*blockSize:]; len(rest) > 0 {
		var last [blockSize]byte // padded with zeros, which mean nothing
		copy(last[:], rest)
		maskBlocks(dst[whole:whole+1], last[:], &st)
	}
	return st.backslash != 0
}

func blocksOf(event []byte) int { return (len(event) + blockSize - 1) / blockSize }

// maskGeneric is maskBlocks in plain Go, eight bytes at a time.
func maskGeneric(dst []block, src []byte, st *maskState) {
	for i := range dst {
		bytes := (*[blockSize]byte)(src[i*blockSize:])
		var quote, slash, open, shut uint64
		for j := 0; j < blockSize; j += 8 {
			w := binary.LittleEndian.Uint64(bytes[j : j+8 : j+8])
			lower := w | 0x20*ones // [ and ] become { and }
			// The bits of a word come in at the top, and end where they belong.
			quote = quote>>8 | topBits(zeroBytes(w^'"'*ones))
			slash = slash>>8 | topBits(zeroBytes(w^'\\'*ones))
			open = open>>8 | topBits(zeroBytes(lower^'{'*ones))
			shut = shut>>8 | topBits(zeroBytes(lower^'}'*ones))
		}
		st.backslash |= slash
		quote &^= escapedBy(slash, st)
		in := prefixXor(quote) ^ st.inString
		st.inString = uint64(int64(in) >> 63)
		dst[i] = block{quote: quote, open: open &^ in, shut: shut &^ in}
	}
}

const ones = 0x0101010101010101

// zeroBytes has the high bit set of every byte of x that is 0.
func zeroBytes(x uint64) uint64 {
	const low = 0x7f * ones
	return ^((x&low + low) | x | low)
}

// topBits gathers the high bits of the bytes of x, which has no others, in its
// highest byte.
func topBits(x uint64) uint64 {
	return (x >> 7) * 0x0102040810204080 &^ (1<<56 - 1)
}

// escapedBy has the bits of the characters that a backslash stands before, as
// far as it is not escaped itself. A run of backslashes escapes what follows it
// if its length is odd; subtracting finds the ends of all runs at once.
func escapedBy(slash uint64, st *maskState) uint64 {
	if slash|st.escaped == 0 {
		return 0
	}
	const odd = 0xAAAAAAAAAAAAAAAA
	starts := slash &^ st.escaped
	codes := ((starts<<1 | odd) - starts) ^ odd
	escaped := codes ^ (slash | st.escaped)
	st.escaped = codes & slash >> 63
	return escaped
}

// prefixXor has bit i set where an odd number of the bits up to and with i is.
func prefixXor(x uint64) uint64 {
	for shift := 1; shift < 64; shift <<= 1 {
		x ^= x << shift
	}
	return x
}

// nextQuote is where the first quote at or after pos is; -1 if there is none.
func nextQuote(blocks []block, pos int) int {
	i := uint(pos) / blockSize
	if i >= uint(len(blocks)) {
		return -1
	}
	m := blocks[i].quote &^ (1<<(uint(pos)%blockSize) - 1)
	for m == 0 {
		if i++; i >= uint(len(blocks)) {
			return -1
		}
		m = blocks[i].quote
	}
	return int(i*blockSize) + bits.TrailingZeros64(m)
}

// containerEnd is the position behind the bracket that closes the container
// opened at pos; -1 if nothing does.
func containerEnd(blocks []block, pos int) int {
	i := uint(pos) / blockSize
	above := ^uint64(0) << (uint(pos) % blockSize) << 1
	depth := 1
	for ; i < uint(len(blocks)); i++ {
		open, shut := blocks[i].open&above, blocks[i].shut&above
		above = ^uint64(0)
		if n := bits.OnesCount64(shut); n < depth {
			depth += bits.OnesCount64(open) - n
			continue
		}
		for both := open | shut; both != 0; both &= both - 1 {
			if lowest := both & -both; open&lowest != 0 {
				depth++
			} else if depth--; depth == 0 {
				return int(i*blockSize) + bits.TrailingZeros64(lowest) + 1
			}
		}
	}
	return -1
}
