package policy

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// MaxText is how long a document's text may be, with its white space: IAM's own
// limit of the parameter. What a document may hold is less, and depends on what
// it is attached to (Document.Size).
// https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreatePolicy.html
const MaxText = 131072

// Quotas of Document.Size. Those of an entity's inline policies are for the sum
// of them, those of resources are the services' own.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
const (
	MaxManaged     = 6144
	MaxInlineUser  = 2048
	MaxInlineGroup = 5120
	MaxInlineRole  = 10240
	MaxTrust       = 2048
	MaxSession     = 2048
)

// Size is how large the document is for AWS's quotas: its characters without
// white space.
func (d *Document) Size() int {
	n := 0
	for _, r := range d.text {
		if !unicode.IsSpace(r) {
			n++
		}
	}
	return n
}

// draft is a statement as it was read. It is compiled when the whole document
// was, since the Version that decides what ${…} means may stand last.
type draft struct {
	from, to               int // in the text
	place                  *place
	sid, effect            item
	principal              *principalDraft
	action, resource       elementDraft
	condition              []conditionDraft
	hasPrincipal, notThose bool
}

// elementDraft is Action or NotAction, Resource or NotResource.
type elementDraft struct {
	name   item
	negate bool
	values []item
}

type conditionDraft struct {
	operator, key item
	values        []item
}

type parser struct {
	scanner
	kind    Kind
	version item
	id      item
	drafts  []draft
}

// Parse reads and compiles a document. Its error is an *Error.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
func Parse(kind Kind, text string) (*Document, error) {
	p := &parser{scanner: scanner{text: text}, kind: kind}
	switch {
	case len(text) > MaxText:
		return nil, p.errorAt(0, nil, syntaxError, "the text is longer than "+strconv.Itoa(MaxText)+" bytes")
	case !utf8.ValidString(text):
		return nil, p.errorAt(0, nil, syntaxError, "the text is not UTF-8")
	}
	if err := p.document(); err != nil {
		return nil, err
	}
	return p.compile()
}

func (p *parser) document() error {
	found := false
	err := p.object("an object", func(name item) (err error) {
		switch name.text {
		case "Version":
			p.version, err = p.string("a string")
		case "Id":
			p.id, err = p.string("a string")
		case "Statement":
			found = true
			err = p.list(p.statement)
		default:
			return p.refuse(name, syntaxError, "a policy has only Version, Id and Statement")
		}
		return err
	})
	switch {
	case err != nil:
		return err
	case p.next() != 0 || p.pos < len(p.text):
		return p.unexpected("nothing more")
	case !found || len(p.drafts) == 0:
		return p.errorAt(0, &place{name: "Statement"}, syntaxError, "there must be at least one statement")
	case p.version.there() && !p.version.oneOf("2008-10-17", "2012-10-17"):
		return p.refuse(p.version, badVersion, "the versions are 2008-10-17 and 2012-10-17")
	case p.id.there() && !p.kind.namesPrincipals():
		return p.refuse(p.id, syntaxError, "only the policies of resources have an Id")
	}
	return nil
}

func (p *parser) statement() error {
	p.next()
	d := draft{from: p.pos, place: p.place}
	err := p.object("a statement", func(name item) error { return p.element(&d, name) })
	d.to = p.pos
	p.drafts = append(p.drafts, d)
	return err
}

func (p *parser) element(d *draft, name item) (err error) {
	switch name.text {
	case "Sid":
		d.sid, err = p.string("a string")
	case "Effect":
		d.effect, err = p.string("Allow or Deny")
	case "Principal", "NotPrincipal":
		if d.hasPrincipal {
			return p.exclusive(name)
		}
		d.hasPrincipal, d.notThose = true, name.text == "NotPrincipal"
		d.principal, err = p.principal(name)
	case "Action", "NotAction":
		err = p.either(&d.action, name)
	case "Resource", "NotResource":
		err = p.either(&d.resource, name)
	case "Condition":
		err = p.condition(d)
	default:
		return p.refuse(name, syntaxError, "a statement has no such element")
	}
	return err
}

func (p *parser) exclusive(name item) error {
	plain := strings.TrimPrefix(name.text, "Not")
	return p.refuse(name, syntaxError, "a statement has "+plain+" or Not"+plain+", not both")
}

func (p *parser) either(e *elementDraft, name item) (err error) {
	if e.name.there() {
		return p.exclusive(name)
	}
	e.name, e.negate = name, strings.HasPrefix(name.text, "Not")
	e.values, err = p.strings()
	return err
}

func (p *parser) condition(d *draft) error {
	return p.object("an object of condition operators", func(operator item) error {
		return p.object("an object of condition keys", func(key item) error {
			values, err := p.scalars()
			d.condition = append(d.condition, conditionDraft{operator, key, values})
			return err
		})
	})
}
