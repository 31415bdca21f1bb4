// Package syntax reads the text of an event pattern: it owns the grammar of
// the pattern language, the form that matchers are made from, and the
// sentences in which AWS refuses a pattern.
//
// A pattern becomes branches, one for each way through its $or's; a branch is
// fields that must all match; a field is tests of which one must hold. What a
// test means for a value is the matchers' business: the oracle tells it
// slowly, the engine fast, both from here.
//
// AWS checks patterns with event-ruler, which reads JSON with Jackson, and
// shows the user both of their messages, with Jackson's idea of where it
// stopped. reader therefore stops where Jackson stops; errors.go has the form.
//
// It refuses what AWS refuses, and what would cost without end: more than
// MaxBranches ways through $or or MaxFields fields on them, nesting deeper than
// MaxDepth, and wildcards whose prefixes overlap too much (complexity.go).
//
// It differs from event-ruler 2.0.1 where that is plainly wrong: IPv4 and IPv6
// addresses never match each other (Addresses), characters beyond U+FFFF fold
// and match (Cases), one test of a field does not change what another sees
// (there, a field with a cidr test turns every address into digits before the
// prefix test looks at it), and an empty list after anything-but and an
// operator is refused in words (there, with a null pointer).
package syntax

// Limits of a pattern, beyond the length that the API models limit.
const (
	MaxBranches = 1000    // "results in over 1000 rule combinations"
	MaxFields   = 1 << 16 // of all branches together; this one is ours
	MaxDepth    = 1000    // Jackson's own
)

// Pattern is a pattern that has been read.
type Pattern struct {
	Branches []Branch // at least one
}

// Branch is one way through the $or's of a pattern: all fields must match.
// Fields are sorted by Name as Compare orders them, and no name comes twice.
type Branch []*Field

// Field is one path and the tests of which one must hold. Fields may be shared
// between branches, and are never changed.
type Field struct {
	Name  string // keys joined with dots
	Tests []Test // at least one
}

// Kind says what a Test asks of a value.
type Kind uint8

// The kinds. Those below Exists look at one value; a JSON string matches only
// the kinds that say so.
const (
	Equal        Kind = iota // the string Text
	IP                       // a string that is an IP address in the range Low..High
	Literal                  // true, false, null: Text
	Number                   // a number equal to Low; if that is not comparable, the same text
	Range                    // a comparable number between Low and High
	Prefix                   // a string that begins with Text
	Suffix                   // a string that ends with Text
	EqualFold                // a string equal to Text but for case, as Fold has it
	PrefixFold               // …
	SuffixFold               // …
	Wildcard                 // a string that Glob describes
	NotString                // any value but the strings in Texts
	NotNumber                // any value but the numbers in Numbers
	NotPrefix                // any value but strings that begin with one of Texts
	NotSuffix                // …
	NotEqualFold             // …
	NotWildcard              // any value but strings that one of Globs describes
	Exists                   // any value
	Absent                   // no value at this path
)

// Test is one alternative of a field.
type Test struct {
	Kind    Kind
	Text    string
	Texts   []string
	Number  Decimal
	Numbers []Decimal
	Range   Bounds
	IP      Addresses
	Globs   []Glob
}

// Bounds are the ends of a numeric range. All ends are comparable numbers.
type Bounds struct {
	Low, High         float64
	HasLow, HasHigh   bool
	OpenLow, OpenHigh bool // the end itself does not match
}

// Contains tells whether v lies between the bounds.
func (b Bounds) Contains(v float64) bool {
	if b.HasLow && (v < b.Low || b.OpenLow && v == b.Low) {
		return false
	}
	return !b.HasHigh || v < b.High || !b.OpenHigh && v == b.High
}
