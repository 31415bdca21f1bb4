package explain

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// clip cuts s to about most bytes, between characters, and marks the cut.
func clip(s string, most int) string {
	if len(s) <= most {
		return s
	}
	cut := most
	for cut > 0 && !utf8.RuneStart(s[cut]) {
		cut--
	}
	return s[:cut] + "…"
}

// quote is s as a JSON string that is safe to print: whatever a terminal may
// take for a command, or show as nothing, is escaped.
func quote(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, c := range s {
		switch {
		case c == '"' || c == '\\':
			b.WriteByte('\\')
			b.WriteRune(c)
		default:
			escape(&b, c)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// Printable is s with what a terminal cannot show, or might obey, escaped.
func Printable(s string) string {
	if strings.IndexFunc(s, func(c rune) bool { return !unicode.IsPrint(c) }) < 0 {
		return s
	}
	var b strings.Builder
	for _, c := range s {
		escape(&b, c)
	}
	return b.String()
}

func escape(b *strings.Builder, c rune) {
	switch {
	case unicode.IsPrint(c):
		b.WriteRune(c)
	case c == '\n':
		b.WriteString(`\n`)
	case c == '\t':
		b.WriteString(`\t`)
	case c > 0xFFFF:
		high, low := utf16.EncodeRune(c)
		fmt.Fprintf(b, `\u%04x\u%04x`, high, low)
	default:
		fmt.Fprintf(b, `\u%04x`, c)
	}
}

// quoted is a string in quotes, clipped: the cut is within them.
func quoted(s string) string {
	if len(s) > maxText {
		s = clip(s, maxText)
	}
	return quote(s)
}

// json is the value as JSON, clipped.
func (v *value) json() string {
	if v.kind == isString {
		return quoted(v.text)
	}
	return clip(v.text, maxText)
}

// listed joins the first few of many things that are quoted already.
func listed(all []string, most int) string {
	if len(all) > most {
		return strings.Join(all[:most], ", ") + fmt.Sprintf(" and %d more", len(all)-most)
	}
	return strings.Join(all, ", ")
}

// and joins names as a sentence does.
func and(names []string) string {
	if n := len(names); n > 1 {
		return strings.Join(names[:n-1], ", ") + " and " + names[n-1]
	}
	return strings.Join(names, "")
}
