package syntax

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// MaxLength is how many bytes of pattern Parse looks at; the APIs allow less.
const MaxLength = 1 << 18

// Parse reads a pattern. Its error is an *Error. Text after the pattern's
// closing brace is ignored, as AWS does.
func Parse(text string) (*Pattern, error) { return Dialect{}.Parse(text) }

// Parse reads a pattern of the dialect, as the function Parse does.
func (d Dialect) Parse(text string) (*Pattern, error) {
	if len(text) > MaxLength {
		return nil, &Error{"Pattern is too long"}
	}
	if d.Complexity == 0 {
		d.Complexity = MaxComplexity
	}
	if d.Branches == 0 {
		d.Branches = MaxBranches
	}
	p := &parser{reader: newReader(text), dialect: d}
	t, err := p.next()
	if err != nil {
		return nil, err
	}
	if t != tokenObject {
		return nil, p.fail("Filter is not an object")
	}
	if err := p.object("", false); err != nil {
		return nil, err
	}
	return p.pattern()
}

// parser gathers branches while it walks the text. A $or multiplies them; a
// field is written into all that there are.
type parser struct {
	*reader
	dialect  Dialect
	branches []map[string]*Field
	level    int          // of nesting, $or not counted
	ors      map[int]bool // see isOr
}

func (p *parser) pattern() (*Pattern, error) {
	out := &Pattern{Branches: make([]Branch, len(p.branches))}
	for i, fields := range p.branches {
		branch := make(Branch, 0, len(fields))
		for _, f := range fields {
			branch = append(branch, f)
		}
		slices.SortFunc(branch, func(a, b *Field) int { return Compare(a.Name, b.Name) })
		out.Branches[i] = branch
	}
	if !p.dialect.AnyWildcards && Complexity(out, p.dialect.Complexity) > p.dialect.Complexity {
		return nil, &Error{"Rule is too complex - try using fewer wildcard characters or fewer repeating character sequences after a wildcard character"}
	}
	return out, nil
}

// Compare orders field names as Java orders strings: by UTF-16 units. The
// order decides what {"exists": false} sees, see the oracle.
func Compare(a, b string) int {
	for a != "" && b != "" {
		x, n := utf8.DecodeRuneInString(a)
		y, m := utf8.DecodeRuneInString(b)
		if x != y {
			return utf16Order(x) - utf16Order(y)
		}
		a, b = a[n:], b[m:]
	}
	return len(a) - len(b)
}

// utf16Order maps the characters that UTF-16 writes with surrogates to where
// surrogates sort, below U+E000.
func utf16Order(c rune) int {
	switch {
	case c >= 0x10000:
		return int(c) - 0x10000 + 0xD800
	case c >= 0xE000:
		return int(c) + 0x100000
	}
	return int(c)
}

// object reads the fields of an object whose brace was read. Inside a $or the
// names of operators are not allowed as keys, so that a misplaced operator is
// not taken for a field.
func (p *parser) object(path string, inOr bool) error {
	for first := true; ; first = false {
		t, err := p.next()
		if err != nil {
			return err
		}
		if t == tokenObjectEnd {
			if first {
				return p.fail("Empty objects are not allowed")
			}
			return nil
		}
		if err := p.member(path, p.name, inOr); err != nil {
			return err
		}
	}
}

func (p *parser) member(path, key string, inOr bool) error {
	if key == "$or" && p.isOr() {
		return p.or(path)
	}
	if inOr && reserved[key] {
		return p.fail(key + " is Ruler reserved fieldName which cannot be used inside $or.")
	}
	t, err := p.next()
	if err != nil {
		return err
	}
	switch t {
	case tokenObject:
		if p.dialect.Flat != "" {
			return p.fail(p.dialect.Flat)
		}
		p.level++
		err := p.object(path+key+".", inOr)
		p.level--
		return err
	case tokenArray:
		return p.field(path + key)
	}
	return p.fail(`"` + key + `" must be an object or an array`)
}

// or reads the alternatives of a $or. Each goes on from the branches there
// were before it.
func (p *parser) or(path string) error {
	before := p.branches
	if len(before) == 0 {
		before = []map[string]*Field{{}}
	}
	if t, err := p.next(); err != nil {
		return err
	} else if t != tokenArray {
		return p.fail("It must be an Array followed with $or.")
	}
	var all []map[string]*Field
	for n := 0; ; n++ {
		t, err := p.next()
		if err != nil {
			return err
		}
		if t == tokenArrayEnd {
			if n < 2 {
				return p.fail("There must have at least 2 Objects in $or relationship.")
			}
			p.branches = all
			return nil
		}
		if t != tokenObject {
			return p.fail("Only JSON object is allowed in array of $or relationship.")
		}
		if len(all)+len(before) > p.dialect.Branches {
			return p.tooManyBranches()
		}
		p.branches = copyBranches(before)
		if err := p.object(path, true); err != nil {
			return err
		}
		if all = append(all, p.branches...); len(all) > p.dialect.Branches {
			return p.tooManyBranches()
		}
	}
}

func (p *parser) tooManyBranches() error {
	return &Error{fmt.Sprintf("The use of $or results in over %d rule combinations or %d fields in them", p.dialect.Branches, MaxFields)}
}

func copyBranches(from []map[string]*Field) []map[string]*Field {
	out := make([]map[string]*Field, len(from))
	for i, fields := range from {
		out[i] = make(map[string]*Field, len(fields)+1)
		for name, f := range fields {
			out[i][name] = f
		}
	}
	return out
}

// field reads the array of tests of one path and writes it into all branches,
// over what an earlier field of that name said.
func (p *parser) field(name string) error {
	f := &Field{Name: name}
	for {
		t, err := p.next()
		if err != nil {
			return err
		}
		if t == tokenArrayEnd {
			break
		}
		test, err := p.test(t)
		if err != nil {
			return err
		}
		f.Tests = append(f.Tests, test)
	}
	if len(f.Tests) == 0 {
		return p.fail("Empty arrays are not allowed")
	}
	if p.dialect.Check != nil {
		if reason := p.dialect.Check(f, p.level+1); reason != "" {
			return p.fail(reason)
		}
	}
	if len(p.branches) == 0 {
		p.branches = []map[string]*Field{{}}
	}
	total := 0
	for _, fields := range p.branches {
		fields[name] = f
		total += len(fields)
	}
	if total > MaxFields {
		return p.tooManyBranches()
	}
	return nil
}

// test reads one alternative of a field, of which t is the first token.
func (p *parser) test(t token) (Test, error) {
	switch t {
	case tokenObject:
		return p.operator()
	case tokenString:
		text, err := p.text()
		if err != nil {
			return Test{}, err
		}
		if ip, ok := ParseAddress(text); ok {
			return Test{Kind: IP, IP: Addresses{ip, ip}}, nil
		}
		return Test{Kind: Equal, Text: text}, nil
	case tokenNumber, tokenTrue, tokenFalse, tokenNull:
		text, err := p.text()
		if err != nil {
			return Test{}, err
		}
		if t == tokenNumber {
			return Test{Kind: Number, Number: ParseDecimal(text)}, nil
		}
		return Test{Kind: Literal, Text: text}, nil
	}
	return Test{}, p.fail("Match value must be String, number, true, false, or null")
}

var reserved = func() map[string]bool {
	m := map[string]bool{}
	for _, name := range strings.Fields(`exactly equals-ignore-case prefix suffix anything-but exists
		wildcard numeric cidr html = < <= > >= regex not-wildcard not-equals-ignore-case date-after
		date-on-or-after date-before date-on-or-before in-date-range ip-address-in-range
		ip-address-not-in-range`) {
		m[name] = true
	}
	return m
}()
