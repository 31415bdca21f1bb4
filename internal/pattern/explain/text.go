package explain

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// Text writes a result for people: a terminal, a log. The output holds no
// control characters, whatever the event holds.
func Text(w io.Writer, r *Result) error {
	t := &printer{}
	t.line(0, "%s %s", mark(r.Matched), r.Summary)
	several := len(r.Branches)+r.MoreBranches > 1
	for _, b := range r.Branches {
		t.branch(&b, several)
	}
	if r.MoreBranches > 0 {
		t.line(0, "")
		t.line(0, "and %d more branches", r.MoreBranches)
	}
	_, err := io.WriteString(w, t.out.String())
	return err
}

type printer struct{ out strings.Builder }

func (t *printer) line(indent int, format string, args ...any) {
	line := strings.Repeat("  ", indent) + fmt.Sprintf(format, args...)
	t.out.WriteString(strings.TrimRight(line, " ") + "\n")
}

func mark(ok bool) string {
	if ok {
		return "✓"
	}
	return "✗"
}

func (t *printer) branch(b *Branch, several bool) {
	t.line(0, "")
	indent := 0
	if several {
		state := mark(b.Matched)
		if b.Undecided {
			state = "?"
		}
		t.line(0, "%s branch %d", state, b.Number)
		indent = 1
	}
	for _, f := range b.Fields {
		t.field(indent, &f)
	}
	if b.MoreFields > 0 {
		t.line(indent, "and %d more fields", b.MoreFields)
	}
	if b.Conflict != nil {
		t.conflict(indent, b.Conflict)
	}
	if b.Undecided {
		t.line(indent, "There are too many values or array elements to say more.")
	}
}

func (t *printer) conflict(indent int, c *Conflict) {
	t.line(indent, "✗ %s", c.Message)
	for _, f := range c.Fields {
		if len(f.Elements) == 0 {
			continue
		}
		verb := "matches in"
		if f.MustBeAbsent {
			verb = "must be missing, and is there in"
		}
		t.line(indent+2, "%s %s %s%s", f.Path, verb, strings.Join(f.Elements, ", "), more(f.MoreElements))
	}
}

func more(n int) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprintf(" and %d more", n)
}

// field prints a field that one test accepts on one line where that says all,
// and others test by test.
func (t *printer) field(indent int, f *Field) {
	if f.Matched {
		t.accepted(indent, f)
	} else {
		t.failed(indent, f)
	}
	if f.Hint != "" {
		t.line(indent+2, "→ %s", f.Hint)
	}
}

// accepted prints only what made a field match: the value taken, or the first.
func (t *printer) accepted(indent int, f *Field) {
	at := -1
	for i, v := range f.Values {
		if v.Taken || at < 0 && v.Accepted {
			at = i
		}
	}
	for _, test := range f.Tests {
		for i, finding := range test.Findings {
			if finding.Accepted && (at < 0 || at == i) {
				t.line(indent, "✓ %s: %s", where(f, finding), finding.Why)
				return
			}
		}
	}
	t.line(indent, "✓ %s", f.name())
}

// where a finding was made: the field, with positions if there are some.
func where(f *Field, finding Finding) string {
	if finding.At == "" {
		return f.name()
	}
	return finding.At
}

func (t *printer) failed(indent int, f *Field) {
	t.line(indent, "✗ %s", f.name())
	width := 0
	for _, test := range f.Tests {
		width = max(width, min(utf8.RuneCountInString(test.Test), 40))
	}
	for _, test := range f.Tests {
		t.test(indent+2, width, f, &test)
	}
	if f.MoreTests > 0 {
		t.line(indent+2, "and %d more tests", f.MoreTests)
	}
	if f.MoreValues > 0 {
		t.line(indent+2, "and %d more values", f.MoreValues)
	}
}

// test prints a test and beside it what it says of each value; what it says of
// several in the same words is said once.
func (t *printer) test(indent, width int, f *Field, test *Test) {
	name := test.Test
	for i := 0; i < len(test.Findings); {
		finding := test.Findings[i]
		why := finding.Why
		if finding.At != "" && finding.At != f.Path {
			why = finding.At + ": " + why
		}
		same := i + 1
		for same < len(test.Findings) && test.Findings[same].Why == finding.Why {
			same++
		}
		if alike := same - i - 1; alike > 0 {
			why += fmt.Sprintf(" (%d more alike)", alike)
		}
		i = same
		pad := strings.Repeat(" ", max(0, width-utf8.RuneCountInString(name)))
		t.line(indent, "%s%s  %s %s", name, pad, mark(finding.Accepted), why)
		name = ""
	}
}
