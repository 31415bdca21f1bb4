// Package awsquery is the AWS query protocol: a form with Action and Version in,
// an XML document out. It holds what the generated codecs of
// internal/awsmodel are made of, the envelope of an answer, and the error
// document.
//
// It refuses indices above maxIndex and forms with more than maxKeys
// parameters; what is decoded is never larger than the form itself, whatever
// the indices say. Parameters that the model does not have are ignored, as AWS
// does.
//
// Invariant: a Form that has failed keeps its first error for Finish.
package awsquery

import (
	"encoding/base64"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/carillon-events/carillon/internal/wire"
)

const (
	maxIndex = 10_000
	maxKeys  = 50_000
)

// Form is one request's parameters.
type Form struct {
	values url.Values
	keys   []string // sorted; filled in when a list is first asked for
	err    *wire.Error
}

// NewForm reads values, which it does not change.
func NewForm(values url.Values) *Form {
	f := &Form{values: values}
	if len(values) > maxKeys {
		f.fail("MalformedInput", "The request has more than %d parameters", maxKeys)
	}
	return f
}

// Root is the parameters with nothing before their names.
func (f *Form) Root() Params { return Params{form: f} }

// Finish is the first error that decoding met.
func (f *Form) Finish() error {
	if f.err != nil {
		return f.err
	}
	return nil
}

func (f *Form) fail(code, format string, args ...any) {
	if f.err == nil {
		f.err = &wire.Error{Code: code, Message: fmt.Sprintf(format, args...)}
	}
}

// under answers the sorted parameter names that begin with prefix.
func (f *Form) under(prefix string) []string {
	if f.keys == nil {
		f.keys = slices.Sorted(maps.Keys(f.values))
	}
	lo, _ := slices.BinarySearch(f.keys, prefix)
	hi := lo
	for hi < len(f.keys) && strings.HasPrefix(f.keys[hi], prefix) {
		hi++
	}
	return f.keys[lo:hi]
}

// Params are the parameters below one name: a structure, or one element of a
// list or map. The zero name is the form itself.
type Params struct {
	form *Form
	name string
}

func (p *Params) key(name string) string {
	switch {
	case p.name == "":
		return name
	case name == "":
		return p.name
	}
	return p.name + "." + name
}

func (p *Params) get(name string) (string, bool) {
	if p.form.err != nil {
		return "", false
	}
	values, ok := p.form.values[p.key(name)]
	if !ok || len(values) == 0 {
		return "", false
	}
	return values[0], true
}

// String reads the parameter into v; false where there is none. As with every
// reader, the name "" is the value of an element of a list itself.
func (p *Params) String(name string, v *string) bool {
	text, ok := p.get(name)
	*v = text
	return ok
}

// Int32 reads an integer.
func (p *Params) Int32(name string, v *int32) bool {
	n, ok := p.whole(name, 32)
	*v = int32(n)
	return ok
}

// Int64 reads an integer.
func (p *Params) Int64(name string, v *int64) bool {
	n, ok := p.whole(name, 64)
	*v = n
	return ok
}

func (p *Params) whole(name string, bits int) (int64, bool) {
	text, ok := p.get(name)
	if !ok {
		return 0, false
	}
	n, err := strconv.ParseInt(text, 10, bits)
	if err != nil {
		p.malformed(name, text, "an integer")
		return 0, false
	}
	return n, true
}

// Bool reads true or false.
func (p *Params) Bool(name string, v *bool) bool {
	text, ok := p.get(name)
	*v = strings.EqualFold(text, "true")
	if ok && !*v && !strings.EqualFold(text, "false") {
		p.malformed(name, text, "true or false")
		return false
	}
	return ok
}

// Time reads an ISO 8601 date and time.
func (p *Params) Time(name string, v *time.Time) bool {
	text, ok := p.get(name)
	if !ok {
		*v = time.Time{}
		return false
	}
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		p.malformed(name, text, "a date and time such as 2006-01-02T15:04:05Z")
		return false
	}
	*v = t.UTC()
	return true
}

// Blob reads base64.
func (p *Params) Blob(name string, v *[]byte) bool {
	*v = nil
	text, ok := p.get(name)
	if !ok {
		return false
	}
	out, err := base64.StdEncoding.AppendDecode([]byte{}, []byte(text))
	if err != nil {
		p.malformed(name, text, "base64")
		return false
	}
	*v = out
	return true
}

const maxShown = 100

func (p *Params) malformed(name, text, want string) {
	if len(text) > maxShown {
		text = strings.ToValidUTF8(text[:maxShown], "") + "..."
	}
	p.form.fail("MalformedInput", "Value %s for parameter %s is invalid. Reason: Must be %s.", text, p.key(name), want)
}

// Missing notes that a parameter without which its neighbours mean nothing, the
// key of a map's entry, is not there.
func (p *Params) Missing(name string) {
	p.form.fail("MissingParameter", "The request must contain the parameter %s.", p.key(name))
}

// Struct is the structure with this name; false where no parameter is below it.
func (p *Params) Struct(name string) (Params, bool) {
	inner := Params{form: p.form, name: p.key(name)}
	return inner, p.form.err == nil && len(p.form.under(inner.name+".")) > 0
}

// List are the elements of name.member.1, name.member.2, ... (or of whatever
// the model calls its members) in the order of their numbers; nil where there
// are none. name alone with an empty value is an empty list.
func (p *Params) List(name, member string) []Params {
	items := p.numbered(p.key(name) + "." + member)
	if items == nil {
		return p.empty(name)
	}
	return items
}

// Flat are the elements of name.1, name.2, ... The number may be left out
// where there is one element: AttributeName=All.
func (p *Params) Flat(name string) []Params {
	prefix := p.key(name)
	items := p.numbered(prefix)
	if items != nil || p.form.err != nil {
		return items
	}
	if text, ok := p.get(name); ok && text == "" {
		return p.empty(name)
	} else if ok || len(p.form.under(prefix+".")) > 0 {
		return []Params{{form: p.form, name: prefix}}
	}
	return nil
}

func (p *Params) empty(name string) []Params {
	if text, ok := p.get(name); ok && text == "" {
		return []Params{}
	}
	return nil
}

// numbered finds the elements prefix.N. There are at most as many as there are
// parameters, wherever the numbers have gaps.
func (p *Params) numbered(prefix string) []Params {
	if p.form.err != nil {
		return nil
	}
	var indices []int
	for _, key := range p.form.under(prefix + ".") {
		segment, _, _ := strings.Cut(key[len(prefix)+1:], ".")
		if !allDigits(segment) {
			continue
		}
		n, err := strconv.Atoi(segment)
		if err != nil || n < 1 || n > maxIndex || segment[0] == '0' {
			p.form.fail("MalformedInput", "The index of the parameter %.100s must be between 1 and %d.", key, maxIndex)
			return nil
		}
		indices = append(indices, n)
	}
	slices.Sort(indices)
	indices = slices.Compact(indices)
	var items []Params
	for _, n := range indices {
		items = append(items, Params{form: p.form, name: prefix + "." + strconv.Itoa(n)})
	}
	return items
}

func allDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}
