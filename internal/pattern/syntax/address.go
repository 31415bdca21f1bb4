package syntax

import (
	"math"
	"net/netip"
	"strconv"
	"strings"
)

// Addresses is a range of IP addresses of one family.
type Addresses struct{ Low, High netip.Addr }

// Contains tells whether a is in the range. event-ruler compares addresses as
// text of hexadecimal digits, so that there 0.0.0.0/0 holds ::1 too; here the
// families are apart.
func (r Addresses) Contains(a netip.Addr) bool {
	return a.BitLen() == r.Low.BitLen() && r.Low.Compare(a) <= 0 && a.Compare(r.High) <= 0
}

// ParseAddress reads an IP address as Java does: leading zeros are decimal,
// IPv6 is digits and colons only, and an IPv4 address mapped into IPv6 is the
// IPv4 address.
func ParseAddress(text string) (netip.Addr, bool) {
	if strings.IndexByte(text, ':') >= 0 {
		return parseIPv6(text)
	}
	return parseIPv4(text)
}

func parseIPv4(text string) (netip.Addr, bool) {
	if len(text) > 15 {
		return netip.Addr{}, false
	}
	parts := strings.Split(text, ".")
	if len(parts) != 4 {
		return netip.Addr{}, false
	}
	var a [4]byte
	for i, part := range parts {
		v := 0
		for _, c := range []byte(part) {
			if c < '0' || c > '9' {
				return netip.Addr{}, false
			}
			v = v*10 + int(c-'0')
		}
		if part == "" || v > 255 {
			return netip.Addr{}, false
		}
		a[i] = byte(v)
	}
	return netip.AddrFrom4(a), true
}

func parseIPv6(text string) (netip.Addr, bool) {
	head, tail, gap := strings.Cut(text, "::")
	before, ok1 := hextets(head)
	after, ok2 := hextets(tail)
	n := len(before) + len(after)
	if !ok1 || !ok2 || gap && n > 14 || !gap && n != 16 {
		return netip.Addr{}, false
	}
	var a [16]byte
	copy(a[:], before)
	copy(a[16-len(after):], after)
	return netip.AddrFrom16(a).Unmap(), true
}

// hextets is the bytes of groups of hexadecimal digits between single colons.
func hextets(text string) ([]byte, bool) {
	if text == "" {
		return nil, true
	}
	var out []byte
	for _, group := range strings.Split(text, ":") {
		v := 0
		for _, c := range []byte(group) {
			d := hexDigit(int(c))
			if v = v<<4 | d; d < 0 || v > math.MaxUint16 {
				return nil, false
			}
		}
		if group == "" || len(out) == 16 {
			return nil, false
		}
		out = append(out, byte(v>>8), byte(v))
	}
	return out, true
}

// parseBlock reads ADDRESS/BITS; reason says what is wrong.
func parseBlock(text string) (block Addresses, reason string) {
	parts := strings.Split(text, "/")
	for len(parts) > 0 && parts[len(parts)-1] == "" { // as Java splits
		parts = parts[:len(parts)-1]
	}
	if len(parts) != 2 {
		return block, "Malformed CIDR, one '/' required"
	}
	bits, err := strconv.ParseInt(parts[1], 10, 32)
	if err != nil {
		return block, "Malformed CIDR, mask bits must be an integer"
	}
	if bits < 0 {
		return block, "Malformed CIDR, mask bits must not be negative"
	}
	a, ok := ParseAddress(parts[0])
	switch {
	case !ok && looksLikeAddress(parts[0]):
		return block, "Invalid IP address: " + parts[0]
	case !ok:
		return block, "Nonstandard IP address: " + parts[0]
	case a.Is4() && bits > 31:
		return block, "IPv4 mask bits must be < 32"
	case bits > 127:
		return block, "IPv6 mask bits must be < 128"
	}
	prefix := netip.PrefixFrom(a, int(bits)).Masked()
	return Addresses{prefix.Addr(), lastAddress(prefix)}, ""
}

func lastAddress(p netip.Prefix) netip.Addr {
	b := p.Addr().AsSlice()
	for i := p.Bits(); i < len(b)*8; i++ {
		b[i/8] |= 0x80 >> (i % 8)
	}
	a, _ := netip.AddrFromSlice(b)
	return a
}

// looksLikeAddress tells whether text has the characters of an address, which
// decides how AWS words its refusal.
func looksLikeAddress(text string) bool {
	if strings.IndexByte(text, ':') >= 0 {
		return strings.Trim(text, "0123456789abcdefABCDEF:") == ""
	}
	parts := strings.Split(text, ".")
	for _, part := range parts {
		if part == "" || strings.Trim(part, "0123456789") != "" {
			return false
		}
	}
	return len(parts) == 4
}
