package policy

import (
	"bytes"
	"encoding/base64"
	"net/netip"
	"strconv"
	"strings"
	"time"
)

// operand is one value of a condition, in the form its operator needs.
type operand struct {
	template // of strings and ARNs, and of Booleans with variables
	number   number
	instant  time.Time
	prefix   netip.Prefix
	bytes    []byte
	yes      bool
}

// newOperand reads a value. What it cannot read would never match, so it says what
// is wrong instead.
func newOperand(f family, text string, variables bool) (o operand, wrong string) {
	variable := variables && f.hasVariables() && strings.Contains(text, "${")
	var ok bool
	switch {
	case f <= arnLike || variable:
		t, wrong := newTemplate(text, variables, f == stringLike || f == arnLike)
		return operand{template: t}, string(wrong)
	case f == numeric:
		o.number, ok = parseNumber(text)
		wrong = "the value must be a number"
	case f == date:
		o.instant, ok = parseInstant(text)
		wrong = "the value must be a date of ISO 8601 (2006-01-02T15:04:05Z) or seconds since 1970"
	case f == boolean || f == null:
		o.yes, ok = parseBool(text)
		wrong = "the value must be true or false"
	case f == binary:
		var err error
		o.bytes, err = base64.StdEncoding.DecodeString(text)
		ok, wrong = err == nil, "the value must be base64"
	case f == address:
		o.prefix, ok = parsePrefix(text)
		wrong = "the value must be an IP address or a range in CIDR notation"
	}
	if ok {
		wrong = ""
	}
	return o, wrong
}

// matches tests a value of the request. What is no number, date and so on matches
// no operand.
func (o *operand) matches(op operator, value string, c Context) bool {
	switch op.family {
	case numeric:
		n, ok := parseNumber(value)
		return ok && op.order.holds(n.compare(o.number))
	case date:
		at, ok := parseInstant(value)
		return ok && op.order.holds(at.Compare(o.instant))
	case binary:
		decoded, err := base64.StdEncoding.DecodeString(value)
		return err == nil && bytes.Equal(decoded, o.bytes)
	case address:
		a, err := netip.ParseAddr(value)
		return err == nil && o.prefix.Contains(a.WithZone("").Unmap())
	}
	if o.parts == nil {
		return o.matchesText(op.family, o.fixed, value)
	}
	return o.matchesFilled(op.family, value, c)
}

// matchesFilled: what has a variable without a value equals nothing.
func (o *operand) matchesFilled(f family, value string, c Context) bool {
	var b room
	text, ok := o.fill(&b, c)
	return ok && o.matchesText(f, text, value)
}

func (o *operand) matchesText(f family, text []byte, value string) bool {
	switch f {
	case stringEquals:
		return string(text) == value
	case stringFolded:
		return strings.EqualFold(string(text), value)
	case stringLike:
		return glob(text, value)
	case arnLike:
		return matchARN(text, value)
	}
	is, ok := parseBool(value)
	if text == nil {
		return ok && is == o.yes
	}
	want, wanted := parseBool(string(text))
	return ok && wanted && is == want
}

func parseBool(s string) (is, ok bool) {
	is = strings.EqualFold(s, "true")
	return is, is || strings.EqualFold(s, "false")
}

// number is exact where both numbers are whole, as sizes and times are.
type number struct {
	whole   int64
	isWhole bool
	value   float64
}

func parseNumber(s string) (number, bool) {
	whole := true
	for i := range len(s) { // ParseFloat also takes Inf, NaN, 0x1p-2 and 1_0
		if strings.IndexByte("+-.0123456789eE", s[i]) < 0 {
			return number{}, false
		}
		whole = whole && s[i] != '.' && s[i]|0x20 != 'e'
	}
	if whole {
		if n, err := strconv.ParseInt(s, 10, 64); err == nil {
			return number{n, true, float64(n)}, true
		}
	}
	v, err := strconv.ParseFloat(s, 64)
	return number{value: v}, err == nil
}

func (n number) compare(m number) int {
	switch {
	case n.isWhole && m.isWhole && n.whole != m.whole:
		if n.whole < m.whole {
			return -1
		}
		return 1
	case n.isWhole && m.isWhole, n.value == m.value:
		return 0
	case n.value < m.value:
		return -1
	}
	return 1
}

// dateLayouts are the W3C's forms of ISO 8601. A second may have a fraction in
// all of them: time.Parse takes it where the layout has none.
// https://www.w3.org/TR/NOTE-datetime
var dateLayouts = [...]string{time.RFC3339, "2006-01-02T15:04Z07:00", "2006-01-02", "2006-01", "2006"}

// parseInstant reads a date. Four digits are a year, other digits seconds.
func parseInstant(s string) (time.Time, bool) {
	if digits := strings.TrimPrefix(s, "-"); len(s) != 4 && strings.Trim(digits, "0123456789") == "" {
		n, err := strconv.ParseInt(s, 10, 64)
		return time.Unix(n, 0), err == nil && n > -1<<62 && n < 1<<62 // beyond, time.Time wraps around
	}
	for _, layout := range dateLayouts {
		if len(layout) > len(s)+len("07:00") || len(s) < len(layout)-len("07:00") {
			continue // an error costs more than a date
		}
		if t, err := time.Parse(layout, s); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}

// parsePrefix reads an address or a range. Without a prefix it is that address.
func parsePrefix(s string) (netip.Prefix, bool) {
	if a, err := netip.ParseAddr(s); err == nil && a.Zone() == "" {
		a = a.Unmap()
		return netip.PrefixFrom(a, a.BitLen()), true
	}
	p, err := netip.ParsePrefix(s)
	if err != nil {
		return netip.Prefix{}, false
	}
	if a := p.Addr(); a.Is4In6() && p.Bits() >= 96 {
		p = netip.PrefixFrom(a.Unmap(), p.Bits()-96)
	}
	return p.Masked(), true
}
