package wire

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Checker collects the breaches of the model's constraints in one request, in
// the words of the framework that most AWS services share. Generated code
// drives it; a request without a breach costs it no allocation.
type Checker struct {
	path  [maxPath]step
	depth int
	count int
	found []string
}

type step struct {
	name  string
	index int // of a list's element, from 1; 0: not a list
}

const (
	maxPath  = 16 // deeper than any model
	maxFound = 20 // breaches told; all are counted
	maxShown = 1024
)

// Enter goes into a member; index is the element's number in a list, from 1,
// or 0 where the member is a structure.
func (c *Checker) Enter(name string, index int) {
	if c.depth < maxPath {
		c.path[c.depth] = step{name, index}
	}
	c.depth++
}

// Leave undoes the last Enter.
func (c *Checker) Leave() { c.depth-- }

// Missing notes that the required member at is absent.
func (c *Checker) Missing(at string) {
	c.note("Value null at '%s' failed to satisfy constraint: Member must not be null", c.at(at))
}

// Err is nil where nothing was found, else an Error of this code:
// "2 validation errors detected: ...; ...".
func (c *Checker) Err(code string) error {
	if c.count == 0 {
		return nil
	}
	errors := "errors"
	if c.count == 1 {
		errors = "error"
	}
	return &Error{
		Code:    code,
		Message: fmt.Sprintf("%d validation %s detected: %s", c.count, errors, strings.Join(c.found, "; ")),
	}
}

// MissingParameter is how SQS tells a required member that is absent.
func MissingParameter(name string) error {
	return &Error{Code: "MissingParameter", Message: "The request must contain the parameter " + name + "."}
}

func (c *Checker) note(format string, args ...any) {
	c.count++
	if len(c.found) < maxFound {
		c.found = append(c.found, fmt.Sprintf(format, args...))
	}
}

// breach notes that value does not satisfy rule. A sensitive value is not
// repeated.
func (c *Checker) breach(at, value string, sensitive bool, rule string) {
	shown := "Value '" + shorten(value) + "' at"
	if sensitive {
		shown = "Value at"
	}
	c.note("%s '%s' failed to satisfy constraint: %s", shown, c.at(at), rule)
}

// at is the path as AWS writes it: entries.1.member.source.
func (c *Checker) at(name string) string {
	var b strings.Builder
	for _, s := range c.path[:min(c.depth, maxPath)] {
		b.WriteString(s.name)
		b.WriteByte('.')
		if s.index > 0 {
			b.WriteString(strconv.Itoa(s.index))
			b.WriteString(".member.")
		}
	}
	b.WriteString(name)
	return b.String()
}

// shorten keeps an oversized value from being sent back whole.
func shorten(s string) string {
	if len(s) <= maxShown {
		return s
	}
	return strings.ToValidUTF8(s[:maxShown], "") + "..."
}

// Text is what the model asks of a string. Max 0 is no limit.
type Text struct {
	Min, Max  int
	Pattern   *Pattern
	Enum      []string
	Sensitive bool
}

// Check notes every rule that v breaks.
func (t *Text) Check(c *Checker, at, v string) {
	if t.tooLong(v) {
		c.breach(at, v, t.Sensitive, atMost(t.Max))
	}
	if t.tooShort(v) {
		c.breach(at, v, t.Sensitive, atLeast(t.Min))
	}
	if t.Pattern != nil && !t.Pattern.Match(v) {
		c.breach(at, v, t.Sensitive, t.Pattern.rule())
	}
	if t.Enum != nil && !slices.Contains(t.Enum, v) {
		c.breach(at, v, t.Sensitive, oneOf(t.Enum))
	}
}

// CheckElements notes a list of strings of which one breaks a rule. AWS then
// shows the whole list and all the rules.
func (t *Text) CheckElements(c *Checker, at string, list []string) {
	for _, v := range list {
		if !t.satisfied(v) {
			c.breach(at, "["+joinShort(list)+"]", t.Sensitive, "Member must satisfy constraint: "+t.rules())
			return
		}
	}
}

// CheckKeys does the same for a map's keys.
func (t *Text) CheckKeys(c *Checker, at string, m map[string]string) {
	for key := range m {
		if !t.satisfied(key) {
			c.breach(at, showMap(m), t.Sensitive, "Map keys must satisfy constraint: "+t.rules())
			return
		}
	}
}

// CheckValues does the same for a map's values.
func (t *Text) CheckValues(c *Checker, at string, m map[string]string) {
	for _, v := range m {
		if !t.satisfied(v) {
			c.breach(at, showMap(m), t.Sensitive, "Map value must satisfy constraint: "+t.rules())
			return
		}
	}
}

// A length is counted in characters; as bytes are never fewer, most strings
// need no counting.
func (t *Text) tooLong(v string) bool {
	return t.Max > 0 && len(v) > t.Max && utf8.RuneCountInString(v) > t.Max
}

func (t *Text) tooShort(v string) bool {
	return len(v) < t.Min*utf8.UTFMax && utf8.RuneCountInString(v) < t.Min
}

func (t *Text) satisfied(v string) bool {
	return !t.tooLong(v) && !t.tooShort(v) &&
		(t.Pattern == nil || t.Pattern.Match(v)) &&
		(t.Enum == nil || slices.Contains(t.Enum, v))
}

func (t *Text) rules() string {
	var rules []string
	if t.Max > 0 {
		rules = append(rules, atMost(t.Max), atLeast(t.Min))
	} else if t.Min > 0 {
		rules = append(rules, atLeast(t.Min))
	}
	if t.Pattern != nil {
		rules = append(rules, t.Pattern.rule())
	}
	if t.Enum != nil {
		rules = append(rules, oneOf(t.Enum))
	}
	return "[" + strings.Join(rules, ", ") + "]"
}

func atMost(n int) string {
	return "Member must have length less than or equal to " + strconv.Itoa(n)
}

func atLeast(n int) string {
	return "Member must have length greater than or equal to " + strconv.Itoa(n)
}

func oneOf(values []string) string {
	return "Member must satisfy enum value set: [" + strings.Join(values, ", ") + "]"
}

// Whole is what the model asks of an integer.
type Whole struct{ Min, Max Opt[int64] }

// Check notes every rule that v breaks.
func (w *Whole) Check(c *Checker, at string, v int64) {
	if w.Max.OK && v > w.Max.V {
		c.breach(at, strconv.FormatInt(v, 10), false,
			fmt.Sprintf("Member must have value less than or equal to %d", w.Max.V))
	}
	if w.Min.OK && v < w.Min.V {
		c.breach(at, strconv.FormatInt(v, 10), false,
			fmt.Sprintf("Member must have value greater than or equal to %d", w.Min.V))
	}
}

// Size is what the model asks of the length of a list or map. Max 0 is no limit.
type Size struct {
	Min, Max  int
	Sensitive bool
}

// Check notes every rule that n elements break; show is called for the value
// that a message shows.
func (s *Size) Check(c *Checker, at string, n int, show func() string) {
	if s.Max > 0 && n > s.Max {
		c.breach(at, show(), s.Sensitive, atMost(s.Max))
	}
	if n < s.Min {
		c.breach(at, show(), s.Sensitive, atLeast(s.Min))
	}
}

// ShowList is a list of strings as AWS shows it: [a, b].
func ShowList(list []string) string { return "[" + joinShort(list) + "]" }

// ShowStructures stands for a list of structures, whose contents a message
// does not repeat: [Target, Target].
func ShowStructures(name string, n int) string {
	names := slices.Repeat([]string{name}, min(n, 100))
	return "[" + strings.Join(names, ", ") + "]"
}

// ShowMap is a map as AWS shows it: {a=1, b=2}.
func ShowMap(m map[string]string) string { return showMap(m) }

func joinShort(list []string) string {
	return shorten(strings.Join(list[:min(len(list), maxShown)], ", "))
}

func showMap(m map[string]string) string {
	pairs := make([]string, 0, len(m))
	for k, v := range m {
		pairs = append(pairs, k+"="+v)
	}
	slices.Sort(pairs)
	return "{" + joinShort(pairs) + "}"
}
