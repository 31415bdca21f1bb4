package awsjson

import (
	"encoding/base64"
	"math"
	"strconv"
	"strings"
	"time"
)

// String reads a string into v; false, and "", where there is null.
func (d *Decoder) String(v *string) bool {
	switch c := d.peek(); {
	case c == '"':
		*v = d.text()
		return d.err == nil
	default:
		*v = ""
		return d.nullOr(c, "a String")
	}
}

// nullOr handles a value that does not begin as the reader wants.
func (d *Decoder) nullOr(c byte, want string) bool {
	switch {
	case d.err != nil:
	case c == 'n':
		d.literal("null")
	case startsValue(c):
		d.mismatch(want)
	default:
		d.unexpected()
	}
	return false
}

// Bool reads true or false into v.
func (d *Decoder) Bool(v *bool) bool {
	*v = false
	switch c := d.peek(); c {
	case 't':
		*v = d.literal("true")
		return *v
	case 'f':
		return d.literal("false")
	default:
		return d.nullOr(c, "a Boolean")
	}
}

// Int32 reads an integer into v. A number with a fraction or an exponent is
// one if its value is whole.
func (d *Decoder) Int32(v *int32) bool {
	n, ok := d.whole(math.MinInt32, math.MaxInt32, "an Integer")
	*v = int32(n)
	return ok
}

// Int64 reads an integer into v.
func (d *Decoder) Int64(v *int64) bool {
	n, ok := d.whole(math.MinInt64, math.MaxInt64, "a Long")
	*v = n
	return ok
}

func (d *Decoder) whole(least, most int64, want string) (int64, bool) {
	c := d.peek()
	if c != '-' && (c < '0' || c > '9') {
		return 0, d.nullOr(c, want)
	}
	start := d.pos
	token := d.number()
	if d.err != nil {
		return 0, false
	}
	n, ok := parseWhole(token)
	if !ok || n < least || n > most {
		d.pos = start
		d.mismatch(want)
		return 0, false
	}
	return n, true
}

func parseWhole(token string) (int64, bool) {
	if n, err := strconv.ParseInt(token, 10, 64); err == nil {
		return n, true
	}
	// Beyond 2^53 a float no longer holds every integer: refused, not rounded.
	f, err := strconv.ParseFloat(token, 64)
	if err != nil || f != math.Trunc(f) || math.Abs(f) > 1<<53 || !strings.ContainsAny(token, ".eE") {
		return 0, false
	}
	return int64(f), true
}

// Time reads seconds since 1970, with a fraction or without, into v.
func (d *Decoder) Time(v *time.Time) bool {
	*v = time.Time{}
	c := d.peek()
	if c != '-' && (c < '0' || c > '9') {
		return d.nullOr(c, "a Timestamp")
	}
	start := d.pos
	token := d.number()
	if d.err != nil {
		return false
	}
	t, ok := parseEpoch(token)
	if !ok {
		d.pos = start
		d.mismatch("a Timestamp")
		return false
	}
	*v = t
	return true
}

const (
	year1    = -62135596800
	year9999 = 253402300799
)

// parseEpoch keeps decimal fractions exact, to the nanosecond.
func parseEpoch(token string) (time.Time, bool) {
	if strings.ContainsAny(token, "eE") {
		f, err := strconv.ParseFloat(token, 64)
		if err != nil || f < year1 || f > year9999 {
			return time.Time{}, false
		}
		return time.UnixMicro(int64(math.Round(f * 1e6))).UTC(), true
	}
	digits, fraction, _ := strings.Cut(token, ".")
	seconds, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || seconds < year1 || seconds > year9999 {
		return time.Time{}, false
	}
	nanos, _ := strconv.ParseInt((fraction + "000000000")[:9], 10, 64)
	if digits[0] == '-' {
		nanos = -nanos
	}
	return time.Unix(seconds, nanos).UTC(), true
}

// Blob reads base64 into v; nil where there is null.
func (d *Decoder) Blob(v *[]byte) bool {
	*v = nil
	c := d.peek()
	if c != '"' {
		return d.nullOr(c, "a Blob")
	}
	start := d.pos
	text := d.text()
	if d.err != nil {
		return false
	}
	out, err := base64.StdEncoding.AppendDecode([]byte{}, []byte(text))
	if err != nil {
		d.pos = start
		d.fail("A Blob must be base64%s", d.at())
		return false
	}
	*v = out
	return true
}

// number reads a number by JSON's grammar and answers its text.
func (d *Decoder) number() string {
	start := d.pos
	i := start
	if d.byteAt(i) == '-' {
		i++
	}
	switch c := d.byteAt(i); {
	case c == '0':
		i++
	case '1' <= c && c <= '9':
		i = d.digits(i)
	default:
		d.pos = i
		d.unexpected()
		return ""
	}
	if d.byteAt(i) == '.' {
		i = d.someDigits(i + 1)
	}
	if c := d.byteAt(i); d.err == nil && (c == 'e' || c == 'E') {
		i++
		if c := d.byteAt(i); c == '+' || c == '-' {
			i++
		}
		i = d.someDigits(i)
	}
	if d.err != nil {
		return ""
	}
	d.pos = i
	return view(d.data[start:i])
}

func (d *Decoder) digits(i int) int {
	for c := d.byteAt(i); '0' <= c && c <= '9'; c = d.byteAt(i) {
		i++
	}
	return i
}

func (d *Decoder) someDigits(i int) int {
	end := d.digits(i)
	if end == i {
		d.pos = i
		d.unexpected()
	}
	return end
}
