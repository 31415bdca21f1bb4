package event

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// MaxDepth is how deep objects and arrays may be nested in a detail.
const MaxDepth = 1000

// Why a text is no JSON object that an event can carry.
var (
	ErrNotObject = errors.New("not a JSON object")
	ErrTooDeep   = fmt.Errorf("nested deeper than %d levels", MaxDepth)
)

// CheckObject tells what keeps text from being one JSON object, with nothing
// but space around it. It follows RFC 8259 to the letter, keeps no copy, and
// does not recurse.
func CheckObject(text string) error {
	c := checker{text: text}
	c.space()
	if c.peek() != '{' {
		return ErrNotObject
	}
	if err := c.value(); err != nil {
		return err
	}
	c.space()
	if c.at < len(text) {
		return c.bad("text after the object")
	}
	return nil
}

type checker struct {
	text string
	at   int
	open [MaxDepth]byte // the closing bracket of each scope
	deep int
}

func (c *checker) bad(what string) error {
	return fmt.Errorf("%s at byte %d", what, c.at)
}

// peek is the next byte; 0, which no JSON has, at the end.
func (c *checker) peek() byte {
	if c.at < len(c.text) {
		return c.text[c.at]
	}
	return 0
}

func (c *checker) space() {
	for c.at < len(c.text) {
		switch c.text[c.at] {
		case ' ', '\t', '\n', '\r':
			c.at++
		default:
			return
		}
	}
}

// value checks a value with all that is in it.
func (c *checker) value() error {
	for {
		c.space()
		opened, err := c.head()
		if err != nil {
			return err
		}
		if opened {
			continue // an object or array with something in it
		}
		more, err := c.after()
		if err != nil || !more {
			return err
		}
	}
}

// head checks a scalar or an empty object or array, or enters a scope up to
// its first value.
func (c *checker) head() (opened bool, err error) {
	switch b := c.peek(); b {
	case '{', '[':
		return c.enter(b)
	case '"':
		return false, c.str()
	case 't':
		return false, c.word("true")
	case 'f':
		return false, c.word("false")
	case 'n':
		return false, c.word("null")
	}
	return false, c.number()
}

func (c *checker) enter(b byte) (opened bool, err error) {
	closing := b + 2 // ASCII has [ ] and { } two apart
	c.at++
	c.space()
	if c.peek() == closing {
		c.at++
		return false, nil
	}
	if c.deep == MaxDepth {
		return false, ErrTooDeep
	}
	c.open[c.deep] = closing
	c.deep++
	if b == '{' {
		return true, c.key()
	}
	return true, nil
}

// after checks what follows a value: the ends of scopes, and, if there is more
// to come, the comma and the next key.
func (c *checker) after() (more bool, err error) {
	for c.deep > 0 {
		c.space()
		switch b := c.peek(); {
		case b == ',':
			c.at++
			if c.open[c.deep-1] == '}' {
				c.space()
				return true, c.key()
			}
			return true, nil
		case b == c.open[c.deep-1]:
			c.at++
			c.deep--
		default:
			return false, c.bad("a comma or bracket is missing")
		}
	}
	return false, nil
}

func (c *checker) key() error {
	if c.peek() != '"' {
		return c.bad("a key is missing")
	}
	if err := c.str(); err != nil {
		return err
	}
	c.space()
	if c.peek() != ':' {
		return c.bad("a colon is missing")
	}
	c.at++
	return nil
}

func (c *checker) word(w string) error {
	if !strings.HasPrefix(c.text[c.at:], w) {
		return c.bad("an unknown word")
	}
	c.at += len(w)
	return nil
}

// str checks a string, of which the next byte is the opening quote.
func (c *checker) str() error {
	c.at++
	for c.at < len(c.text) {
		switch b := c.text[c.at]; {
		case b == '"':
			c.at++
			return nil
		case b == '\\':
			if err := c.escape(); err != nil {
				return err
			}
		case b < ' ':
			return c.bad("a control character in a string")
		case b < utf8.RuneSelf:
			c.at++
		default:
			r, n := utf8.DecodeRuneInString(c.text[c.at:])
			if r == utf8.RuneError && n == 1 {
				return c.bad("bytes that are not UTF-8")
			}
			c.at += n
		}
	}
	return c.bad("a string without end")
}

func (c *checker) escape() error {
	c.at++
	b := c.peek()
	if strings.IndexByte(`"\/bfnrt`, b) >= 0 && b != 0 {
		c.at++
		return nil
	}
	if b != 'u' {
		return c.bad("an unknown escape")
	}
	for range 4 {
		c.at++
		if b := c.peek(); b == 0 || strings.IndexByte("0123456789abcdefABCDEF", b) < 0 {
			return c.bad("an unfinished \\u escape")
		}
	}
	c.at++
	return nil
}

func (c *checker) number() error {
	if c.peek() == '-' {
		c.at++
	}
	if c.peek() == '0' {
		c.at++
	} else if !c.digits() {
		return c.bad("a value is missing")
	}
	if c.peek() == '.' {
		c.at++
		if !c.digits() {
			return c.bad("a digit is missing")
		}
	}
	if b := c.peek(); b == 'e' || b == 'E' {
		c.at++
		if b := c.peek(); b == '+' || b == '-' {
			c.at++
		}
		if !c.digits() {
			return c.bad("a digit is missing")
		}
	}
	return nil
}

func (c *checker) digits() bool {
	from := c.at
	for c.at < len(c.text) && c.text[c.at] >= '0' && c.text[c.at] <= '9' {
		c.at++
	}
	return c.at > from
}
