package policy

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
)

// scanner reads JSON of which it knows the shape. It never recurses into what it
// does not expect, so a deep document costs nothing, and it refuses a name that
// is there twice, which encoding/json would not.
type scanner struct {
	text  string
	pos   int
	place *place // of what is being read
}

// item is a string of the document and where it stands.
type item struct {
	text  string
	at    int
	place *place
}

// there: the document has it.
func (i item) there() bool { return i.place != nil }

// place is a JSON pointer that nobody has written out yet: a long name with many
// values below it would be written very often.
type place struct {
	up    *place // nil: the document
	name  string
	index int // if up is an array
}

// https://datatracker.ietf.org/doc/html/rfc6901#section-3
var pointerEscapes = strings.NewReplacer("~", "~0", "/", "~1")

func (p *place) String() string {
	if p == nil {
		return ""
	}
	if p.name == "" {
		return p.up.String() + "/" + strconv.Itoa(p.index)
	}
	return p.up.String() + "/" + pointerEscapes.Replace(p.name)
}

func (s *scanner) errorAt(at int, where *place, message, reason string) error {
	found := position(s.text, at)
	return &Error{Message: message, Pointer: clip(where.String()), Line: found.Line, Column: found.Column, Reason: reason}
}

func (s *scanner) refuse(i item, message, reason string) error {
	return s.errorAt(i.at, i.place, message, reason)
}

func (s *scanner) unexpected(want string) error {
	found := "the end of the text"
	if s.pos < len(s.text) {
		found = strconv.QuoteRune([]rune(s.text[s.pos:min(s.pos+4, len(s.text))])[0])
	}
	return s.errorAt(s.pos, s.place, syntaxError, "there must be "+want+" where "+found+" is")
}

// next skips white space and is the byte after it; 0 at the end.
func (s *scanner) next() byte {
	for s.pos < len(s.text) {
		switch c := s.text[s.pos]; c {
		case ' ', '\t', '\r', '\n':
			s.pos++
		default:
			return c
		}
	}
	return 0
}

func (s *scanner) take(c byte) bool {
	if s.next() != c {
		return false
	}
	s.pos++
	return true
}

// object reads an object; member reads the value behind a name.
func (s *scanner) object(what string, member func(name item) error) error {
	if !s.take('{') {
		return s.unexpected(what)
	}
	above := s.place
	defer func() { s.place = above }()
	seen := map[string]bool{}
	for first := true; !s.take('}'); first = false {
		if s.place = above; !first && !s.take(',') {
			return s.unexpected("a comma or a closing brace")
		}
		name, err := s.string("a name in quotes")
		if err != nil {
			return err
		}
		name.place = &place{up: above, name: name.text}
		if seen[name.text] {
			return s.refuse(name, syntaxError, "it is there twice")
		}
		seen[name.text] = true
		if !s.take(':') {
			return s.unexpected("a colon")
		}
		s.place = name.place
		if err := member(name); err != nil {
			return err
		}
	}
	return nil
}

// list reads an array, or the one thing that may stand in its place.
func (s *scanner) list(element func() error) error {
	if !s.take('[') {
		return element()
	}
	above := s.place
	defer func() { s.place = above }()
	for i := 0; !s.take(']'); i++ {
		if i > 0 && !s.take(',') {
			return s.unexpected("a comma or a closing bracket")
		}
		s.place = &place{up: above, index: i}
		if err := element(); err != nil {
			return err
		}
	}
	return nil
}

// strings reads a string or an array of strings.
func (s *scanner) strings() ([]item, error) {
	all := []item{}
	err := s.list(func() error {
		one, err := s.string("a string or an array of strings")
		all = append(all, one)
		return err
	})
	return all, err
}

// scalars reads a value, or an array of values, of a condition: a string, a
// number or a Boolean, of which the last two are the same with and without
// quotation marks.
func (s *scanner) scalars() ([]item, error) {
	all := []item{}
	err := s.list(func() error {
		one, err := s.scalar()
		all = append(all, one)
		return err
	})
	return all, err
}

func (s *scanner) scalar() (item, error) {
	const want = "a string, a number or a Boolean"
	if s.next() == '"' {
		return s.string(want)
	}
	end := s.pos
	for end < len(s.text) && strings.IndexByte("+-.0123456789Eaeflrstu", s.text[end]) >= 0 {
		end++
	}
	word := s.text[s.pos:end]
	if word == "" || word == "null" || !json.Valid([]byte(word)) {
		return item{}, s.unexpected(want)
	}
	one := item{word, s.pos, s.place}
	s.pos = end
	return one, nil
}

// string reads a string.
func (s *scanner) string(want string) (item, error) {
	if s.next() != '"' {
		return item{}, s.unexpected(want)
	}
	start, escaped := s.pos, false
	for i := start + 1; i < len(s.text); i++ {
		switch c := s.text[i]; {
		case c == '\\':
			escaped = true
			i++
		case c < ' ':
			s.pos = i
			return item{}, s.unexpected("an escape")
		case c == '"':
			one := item{s.text[start+1 : i], start, s.place}
			s.pos = i + 1
			if escaped {
				if err := json.Unmarshal([]byte(s.text[start:i+1]), &one.text); err != nil {
					return item{}, s.refuse(one, syntaxError, "the string has an escape that JSON does not know")
				}
			}
			return one, nil
		}
	}
	s.pos = len(s.text)
	return item{}, s.unexpected("a quotation mark")
}

// oneOf tells whether i is one of words.
func (i item) oneOf(words ...string) bool { return slices.Contains(words, i.text) }
