package transform

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// parser reads JSON with placeholders in it: one value, or several with space
// between them, since a text of many lines is written as one string a line. It
// keeps the text as it is, cut at the placeholders.
type parser struct {
	text   string
	at     int
	values map[string]*value // by variable; nil if there are no placeholders
	parts  []part
	cut    int // where the text of the next part begins
	deep   int
}

// maxDepth bounds the parser's recursion.
const maxDepth = 1000

// syntaxError is text that is no JSON, from the byte at.
type syntaxError struct{ at int }

func (e syntaxError) Error() string { return fmt.Sprintf("no JSON from byte %d on", e.at) }

var errKeyPlaceholder = errors.New("a placeholder cannot be used as an object key")

// unknownVariable is a placeholder that nothing defines.
type unknownVariable string

func (u unknownVariable) Error() string { return "unknown variable " + string(u) }

// parse reads the whole text.
func (p *parser) parse() error {
	for first := true; ; first = false {
		p.space()
		if p.at == len(p.text) {
			p.parts = append(p.parts, part{text: p.text[p.cut:]})
			if first {
				return syntaxError{p.at}
			}
			return nil
		}
		if !first && !isSpace(p.text[p.at-1]) {
			return syntaxError{p.at}
		}
		if err := p.value(); err != nil {
			return err
		}
	}
}

func (p *parser) peek() byte {
	if p.at < len(p.text) {
		return p.text[p.at]
	}
	return 0
}

func (p *parser) space() {
	for isSpace(p.peek()) {
		p.at++
	}
}

func (p *parser) value() error {
	switch c := p.peek(); c {
	case '{':
		return p.scope('}', p.member)
	case '[':
		return p.scope(']', p.value)
	case '"':
		return p.str(false)
	case '<':
		name, ok := p.placeholder()
		if !ok {
			return syntaxError{p.at}
		}
		return p.insert(name, false)
	case 't':
		return p.word("true")
	case 'f':
		return p.word("false")
	case 'n':
		return p.word("null")
	}
	return p.number()
}

// scope reads an object or array, of which item reads one member or element.
func (p *parser) scope(closing byte, item func() error) error {
	if p.deep++; p.deep > maxDepth {
		return syntaxError{p.at}
	}
	p.at++
	p.space()
	if p.peek() == closing {
		p.at++
		p.deep--
		return nil
	}
	for {
		p.space()
		if err := item(); err != nil {
			return err
		}
		p.space()
		switch p.peek() {
		case ',':
			p.at++
		case closing:
			p.at++
			p.deep--
			return nil
		default:
			return syntaxError{p.at}
		}
	}
}

func (p *parser) member() error {
	switch p.peek() {
	case '"':
	case '<':
		if _, ok := p.placeholder(); ok {
			return errKeyPlaceholder
		}
		fallthrough
	default:
		return syntaxError{p.at}
	}
	if err := p.str(true); err != nil {
		return err
	}
	p.space()
	if p.peek() != ':' {
		return syntaxError{p.at}
	}
	p.at++
	p.space()
	return p.value()
}

// str reads a string and the placeholders in it.
func (p *parser) str(isKey bool) error {
	p.at++
	for p.at < len(p.text) {
		switch c := p.text[p.at]; {
		case c == '"':
			p.at++
			return nil
		case c == '\\':
			if err := p.escape(); err != nil {
				return err
			}
		case c < ' ':
			return syntaxError{p.at}
		case c == '<':
			name, ok := p.placeholder()
			switch {
			case !ok:
				p.at++
			case isKey:
				return errKeyPlaceholder
			default:
				if err := p.insert(name, true); err != nil {
					return err
				}
			}
		default:
			r, size := utf8.DecodeRuneInString(p.text[p.at:])
			if r == utf8.RuneError && size == 1 {
				return syntaxError{p.at}
			}
			p.at += size
		}
	}
	return syntaxError{p.at}
}

func (p *parser) escape() error {
	p.at++
	switch p.peek() {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		p.at++
		return nil
	case 'u':
		if hexRune([]byte(p.text[p.at-1:min(p.at+5, len(p.text))])) >= 0 {
			p.at += 5
			return nil
		}
	}
	return syntaxError{p.at}
}

// placeholder is the name between the angle brackets that open here, if these
// are what AWS takes for a placeholder. There is no way to escape one, but
// \u003c is always text.
func (p *parser) placeholder() (name string, ok bool) {
	if p.values == nil {
		return "", false
	}
	name, _, ok = strings.Cut(p.text[p.at+1:], ">")
	return name, ok && isName(name, '.')
}

// isName tells whether name is made of what names of variables are made of.
func isName(name string, also byte) bool {
	for i := range len(name) {
		switch c := name[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '_', c == '-', c == also:
		default:
			return false
		}
	}
	return name != ""
}

func (p *parser) insert(name string, quoted bool) error {
	v := p.values[name]
	if v == nil {
		return unknownVariable(name)
	}
	p.parts = append(p.parts, part{p.text[p.cut:p.at], v, quoted})
	p.at += len(name) + 2
	p.cut = p.at
	return nil
}

func (p *parser) word(w string) error {
	if !strings.HasPrefix(p.text[p.at:], w) {
		return syntaxError{p.at}
	}
	p.at += len(w)
	return nil
}

func (p *parser) number() error {
	if p.peek() == '-' {
		p.at++
	}
	if p.peek() == '0' {
		p.at++
	} else if !p.digits() {
		return syntaxError{p.at}
	}
	if p.peek() == '.' {
		if p.at++; !p.digits() {
			return syntaxError{p.at}
		}
	}
	if p.peek()|0x20 == 'e' {
		p.at++
		if p.peek() == '+' || p.peek() == '-' {
			p.at++
		}
		if !p.digits() {
			return syntaxError{p.at}
		}
	}
	return nil
}

// digits reads digits and tells whether there were any.
func (p *parser) digits() bool {
	from := p.at
	for '0' <= p.peek() && p.peek() <= '9' {
		p.at++
	}
	return p.at > from
}
