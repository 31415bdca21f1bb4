package engine

import (
	"strings"

	"github.com/carillon-events/carillon/internal/pattern/syntax"
)

// fold is a text that is compared without regard to case, by the rules of
// syntax.Cases: a character of the pattern accepts its lower and its upper form.
type fold struct {
	lower string // of ASCII only, where forms is nil
	forms []form
}

// form is one character of a pattern beyond ASCII.
type form struct{ lower, upper string }

func newFold(text string) fold {
	if isASCII(text) {
		return fold{lower: string(appendLower(nil, text))}
	}
	var f fold
	for _, c := range text {
		lower, upper := syntax.Cases(c)
		f.forms = append(f.forms, form{lower, upper})
	}
	return f
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}

func lowerByte(c byte) byte {
	if c-'A' < 26 {
		c |= 0x20
	}
	return c
}

// appendLower lowers ASCII and nothing else. ASCII in a pattern accepts only
// ASCII, so that is enough to compare, and to make keys of.
func appendLower[T ~string | ~[]byte](dst []byte, s T) []byte {
	for i := range len(s) {
		dst = append(dst, lowerByte(s[i]))
	}
	return dst
}

func equalLower(text string, lower string) bool {
	if len(text) != len(lower) {
		return false
	}
	for i := range len(text) {
		if lowerByte(text[i]) != lower[i] {
			return false
		}
	}
	return true
}

func (f *fold) equal(text string) bool {
	if f.forms == nil {
		return equalLower(text, f.lower)
	}
	return matchForms(f.forms, text, true)
}

func (f *fold) prefix(text string) bool {
	if f.forms == nil {
		return len(text) >= len(f.lower) && equalLower(text[:len(f.lower)], f.lower)
	}
	return matchForms(f.forms, text, false)
}

func (f *fold) suffix(text string) bool {
	if f.forms == nil {
		return len(text) >= len(f.lower) && equalLower(text[len(text)-len(f.lower):], f.lower)
	}
	return endsInForms(f.forms, text)
}

// matchForms tells whether text begins with the characters, or is them if
// whole is set. The forms of a character may differ in length, but neither
// begins or ends with the other.
func matchForms(forms []form, text string, whole bool) bool {
	for i := range forms {
		rest, ok := strings.CutPrefix(text, forms[i].lower)
		if !ok {
			rest, ok = strings.CutPrefix(text, forms[i].upper)
		}
		if !ok {
			return false
		}
		text = rest
	}
	return !whole || text == ""
}

// endsInForms is matchForms from the other end: a search for where the suffix
// may begin would take the square of its length.
func endsInForms(forms []form, text string) bool {
	for i := len(forms) - 1; i >= 0; i-- {
		rest, ok := strings.CutSuffix(text, forms[i].lower)
		if !ok {
			rest, ok = strings.CutSuffix(text, forms[i].upper)
		}
		if !ok {
			return false
		}
		text = rest
	}
	return true
}

// matchGlob takes each piece as early as it comes, the first at the beginning
// and the last at the end.
func matchGlob(g syntax.Glob, text string) bool {
	last := len(g) - 1
	if last == 0 {
		return text == g[0]
	}
	if len(text) < len(g[0])+len(g[last]) || text[:len(g[0])] != g[0] || text[len(text)-len(g[last]):] != g[last] {
		return false
	}
	text = text[len(g[0]) : len(text)-len(g[last])]
	for _, piece := range g[1:last] {
		i := strings.Index(text, piece)
		if i < 0 {
			return false
		}
		text = text[i+len(piece):]
	}
	return true
}
