package syntax

import (
	"strconv"
	"strings"
)

// Decimal is a JSON number. Numbers are equal and in order by Value where they
// are Comparable. Others have no order, and equal only their own text.
type Decimal struct {
	Text       string
	Value      float64
	Comparable bool
}

// ParseDecimal reads a JSON number. It is comparable if it is exactly what
// Java prints for the nearest double: in practice, if it has at most 17
// significant digits and a double's range.
func ParseDecimal(text string) Decimal {
	v, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return Decimal{Text: text}
	}
	if v == 0 { // also -0
		v = 0
	}
	return Decimal{Text: text, Value: v, Comparable: sameDecimal(text, javaText(v))}
}

// Equal tells whether a and b are the same number.
func (a Decimal) Equal(b Decimal) bool {
	if a.Comparable || b.Comparable {
		return a.Comparable && b.Comparable && a.Value == b.Value
	}
	return a.Text == b.Text
}

// javaText is the decimal that Java's Double.toString prints: the shortest
// that reads back as v, except that it takes two digits where one would do and
// the second brings it closer (4.9E-324, not 5E-324).
func javaText(v float64) string {
	shortest := strconv.FormatFloat(v, 'e', -1, 64)
	if strings.IndexByte(shortest, '.') >= 0 {
		return shortest
	}
	two := strconv.FormatFloat(v, 'e', 1, 64)
	if back, err := strconv.ParseFloat(two, 64); err == nil && back == v {
		return two
	}
	return shortest
}

// sameDecimal tells whether two JSON numbers have the same exact value.
func sameDecimal(a, b string) bool {
	return parts(a) == parts(b)
}

type decimalParts struct {
	negative bool
	digits   string // without zeros at either end; empty for 0
	exponent int    // of the digit before the first, saturated
}

func parts(text string) decimalParts {
	var p decimalParts
	text, p.negative = strings.CutPrefix(text, "-")
	mantissa, exponent := text, ""
	if i := strings.IndexAny(text, "eE"); i >= 0 {
		mantissa, exponent = text[:i], strings.TrimPrefix(text[i+1:], "+")
	}
	whole, fraction, _ := strings.Cut(mantissa, ".")
	p.exponent = len(whole)
	if exponent != "" {
		// Atoi saturates at the ends of int64; half of that is far enough.
		e, _ := strconv.Atoi(exponent)
		p.exponent += max(min(e, 1<<40), -1<<40)
	}
	digits := whole + fraction
	p.digits = strings.TrimLeft(digits, "0")
	p.exponent -= len(digits) - len(p.digits)
	p.digits = strings.TrimRight(p.digits, "0")
	if p.digits == "" {
		return decimalParts{}
	}
	return p
}
