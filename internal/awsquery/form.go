package awsquery

import (
	"net/url"
	"strings"
)

// ParseForm is url.ParseQuery in less time: it looks for what is escaped many
// bytes at a time, and takes memory for all lists of values at once. Of whatever
// is unusual, url.ParseQuery says what it means.
func ParseForm(form string) (url.Values, error) {
	if values, ok := parsePlain(form); ok {
		return values, nil
	}
	return url.ParseQuery(form)
}

// maxPlain is how many parameters a plain form has; net/url bounds them, too, and
// may bound them otherwise in another version.
const maxPlain = 1000

func parsePlain(form string) (url.Values, bool) {
	most := strings.Count(form, "&") + 1
	if most > maxPlain || strings.IndexByte(form, ';') >= 0 { // which net/url refuses
		return nil, false
	}
	values, lists := make(url.Values, most), make([]string, 0, most)
	for form != "" {
		var pair string
		if pair, form, _ = strings.Cut(form, "&"); pair == "" {
			continue
		}
		name, value, _ := strings.Cut(pair, "=")
		name, ok := unescaped(name)
		if !ok {
			return nil, false
		}
		if value, ok = unescaped(value); !ok {
			return nil, false
		}
		if has, twice := values[name]; twice {
			values[name] = append(has, value)
			continue
		}
		lists = append(lists, value)
		values[name] = lists[len(lists)-1 : len(lists) : len(lists)]
	}
	return values, true
}

// unescaped is what a name or a value says; false if it cannot be read.
func unescaped(s string) (string, bool) {
	escapes := strings.Count(s, "%")
	if escapes == 0 && strings.IndexByte(s, '+') < 0 {
		return s, true
	}
	var text strings.Builder
	text.Grow(max(len(s)-2*escapes, 0))
	for i := 0; i < len(s); i++ {
		switch c := s[i]; c {
		case '+':
			text.WriteByte(' ')
		case '%':
			if i+2 >= len(s) {
				return "", false
			}
			high, low := digits[s[i+1]], digits[s[i+2]]
			if high|low > 15 {
				return "", false
			}
			text.WriteByte(high<<4 | low)
			i += 2
		default:
			text.WriteByte(c)
		}
	}
	return text.String(), true
}

// digits are the values of hexadecimal digits; 255 of what is none.
var digits = func() (t [256]byte) {
	for i := range t {
		t[i] = 255
	}
	for i, c := range []byte("0123456789abcdef") {
		t[c] = byte(i)
	}
	for i, c := range []byte("ABCDEF") {
		t[c] = byte(10 + i)
	}
	return t
}()
