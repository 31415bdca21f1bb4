package wire

import (
	"fmt"
	"regexp"
	"regexp/syntax"
	"strings"
	"sync"
)

// Pattern is a regular expression of a model, which a whole value must match.
// It is compiled when it is first asked, and not at all where the value is
// made of a run of ASCII characters that the pattern allows, as most are.
type Pattern struct {
	text    string
	compile sync.Once
	run     *charRun
	match   func(string) bool
	err     error
}

// NewPattern never fails; Check tells whether the text can be used.
func NewPattern(text string) *Pattern { return &Pattern{text: text} }

// Check compiles the pattern. The generator asks it for every pattern, so that
// Match need not fail.
func (p *Pattern) Check() error {
	p.compile.Do(p.build)
	return p.err
}

// Match says whether all of s matches.
func (p *Pattern) Match(s string) bool {
	if err := p.Check(); err != nil {
		panic("wire: " + err.Error())
	}
	if p.run != nil {
		switch {
		case p.run.matches(s):
			return true
		case p.run.whole:
			return false
		}
	}
	return p.match(s)
}

func (p *Pattern) rule() string { return "Member must satisfy regular expression pattern: " + p.text }

func (p *Pattern) build() {
	if by := handWritten[p.text]; by != nil {
		p.match = by
		return
	}
	text := javaRune.ReplaceAllString(p.text, `\x{$1}`)
	re, err := regexp.Compile(`\A(?:` + text + `)\z`)
	if err != nil {
		p.err = fmt.Errorf("pattern %s does not compile, and no matcher was written by hand: %w", p.text, err)
		return
	}
	p.match = re.MatchString
	p.run = runOf(text)
}

// javaRune is how the models write a character by its number, which RE2 writes
// otherwise. One beyond \uFFFF cannot be told from one that a digit follows: the
// patterns that have one are written by hand.
var javaRune = regexp.MustCompile(`\\u([0-9A-Fa-f]{4})`)

// charRun is [class]*, [class]+ or [class]{n,m} of ASCII characters, or that
// behind something optional.
type charRun struct {
	set      [256]bool
	min, max int  // max < 0: no limit
	whole    bool // the run is all of the pattern
}

func (r *charRun) matches(s string) bool {
	if len(s) < r.min || r.max >= 0 && len(s) > r.max {
		return false
	}
	for i := range len(s) {
		if !r.set[s[i]] {
			return false
		}
	}
	return true
}

// runOf finds the run in a pattern; nil where there is none.
func runOf(text string) *charRun {
	tree, err := syntax.Parse(text, syntax.Perl)
	if err != nil {
		return nil
	}
	parts := []*syntax.Regexp{tree}
	if tree.Op == syntax.OpConcat {
		parts = tree.Sub
	}
	if n := len(parts); n > 0 && parts[0].Op == syntax.OpBeginText {
		parts = parts[1:]
	}
	if n := len(parts); n > 0 && parts[n-1].Op == syntax.OpEndText {
		parts = parts[:n-1]
	}
	whole := true
	if len(parts) == 2 && parts[0].Op == syntax.OpQuest {
		parts, whole = parts[1:], false
	}
	if len(parts) != 1 {
		return nil
	}
	return newRun(parts[0], whole)
}

func newRun(re *syntax.Regexp, whole bool) *charRun {
	r := &charRun{max: -1, whole: whole}
	switch re.Op {
	case syntax.OpStar:
	case syntax.OpPlus:
		r.min = 1
	case syntax.OpRepeat:
		r.min, r.max = re.Min, re.Max
	default:
		return nil
	}
	class := re.Sub[0]
	if class.Op != syntax.OpCharClass || class.Flags&syntax.FoldCase != 0 {
		return nil
	}
	for i := 0; i < len(class.Rune); i += 2 {
		lo, hi := class.Rune[i], class.Rune[i+1]
		if hi >= 0x80 {
			r.whole = false // what is beyond ASCII is the regular expression's
		}
		for c := lo; c <= hi && c < 0x80; c++ {
			r.set[c] = true
		}
	}
	return r
}

// handWritten are the matchers of the patterns that RE2 cannot compile,
// because they look ahead or write characters as \uXXXX.
var handWritten = map[string]func(string) bool{
	`^(?!\s*$).+`: notBlank,
	`[\u0009\u000A\u000D\u0020-\u007E\u0085\u00A0-\uD7FF\uE000-\uFFFD\u10000-\u10FFFF]+`: someOf(isXMLText),
	`[\u0009\u000A\u000D\u0020-\u00FF]+`:                                                 someOf(isLatin),
	`^[a-z0-9]([a-z0-9]|-(?!-)){1,61}[a-z0-9]$`:                                          isAlias,
}

// isAlias: three to 63 letters and digits, with single hyphens between them.
func isAlias(s string) bool {
	if len(s) < 3 || len(s) > 63 || s[0] == '-' || s[len(s)-1] == '-' || strings.Contains(s, "--") {
		return false
	}
	return strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789-") == ""
}

// notBlank: one line that is not only white space.
func notBlank(s string) bool {
	return strings.Trim(s, " \t\f\v\r") != "" && !strings.Contains(s, "\n")
}

func someOf(allowed func(rune) bool) func(string) bool {
	return func(s string) bool {
		for _, r := range s {
			if !allowed(r) {
				return false
			}
		}
		return s != ""
	}
}

func isXMLText(r rune) bool {
	switch {
	case r == '\t', r == '\n', r == '\r', r == 0x85:
		return true
	case r <= 0x7E:
		return r >= ' '
	}
	return 0xA0 <= r && r <= 0xFFFD || r >= 0x10000
}

func isLatin(r rune) bool {
	return r == '\t' || r == '\n' || r == '\r' || ' ' <= r && r <= 0xFF
}
