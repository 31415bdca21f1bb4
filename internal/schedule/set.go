package schedule

import "math/bits"

// set is a set of small numbers, 0 to 255.
type set [4]uint64

func (s *set) add(n int) { s[n>>6] |= 1 << (n & 63) }

func (s *set) has(n int) bool { return s[n>>6]>>(n&63)&1 == 1 }

// from is the smallest member that is n or above, or -1.
func (s *set) from(n int) int {
	if n > 255 {
		return -1
	}
	n = max(n, 0)
	word := s[n>>6] >> (n & 63) << (n & 63)
	for i := n >> 6; ; word = s[i] {
		if word != 0 {
			return i<<6 + bits.TrailingZeros64(word)
		}
		if i++; i == len(s) {
			return -1
		}
	}
}

// upTo is the largest member that is n or below, or -1.
func (s *set) upTo(n int) int {
	if n < 0 {
		return -1
	}
	n = min(n, 255)
	shift := 63 - n&63
	word := s[n>>6] << shift >> shift
	for i := n >> 6; ; word = s[i] {
		if word != 0 {
			return i<<6 + 63 - bits.LeadingZeros64(word)
		}
		if i--; i < 0 {
			return -1
		}
	}
}
