package policy

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// AWS's sentences for documents that are refused (MalformedPolicyDocument). They
// are in no reference: these are the ones that people report.
const (
	syntaxError         = "Syntax errors in policy."
	badVersion          = "The policy must contain a valid version string"
	noActions           = "Policy statement must contain actions."
	noResources         = "Policy statement must contain resources."
	noVendor            = "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc."
	manyColons          = "Actions/Condition can contain only one colon."
	notAnARN            = `must be in ARN format or "*".`
	vendorPattern       = "Resource vendor must be fully qualified and cannot contain regexes."
	principalUnexpected = "Policy document should not specify a principal."
	principalMissing    = "Missing required field Principal"
	principalInvalid    = "Invalid principal in policy: "
	resourceUnexpected  = "Has prohibited field Resource"
	notSTS              = "AssumeRole policy may only specify STS AssumeRole actions."
	sidNotUnique        = "Statement IDs (SID) in a single policy must be unique."
	sidNotAlphanumeric  = "Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression [0-9A-Za-z]*"
	conditionUnknown    = "Invalid Condition type : "
)

// Error is why a document is refused. AWS shows one sentence and keeps the place
// to itself; the sentence is Message, the rest is ours.
type Error struct {
	Message string // AWS's
	Pointer string // a JSON pointer to what is wrong: /Statement/0/Effect
	Line    int    // from 1
	Column  int    // in characters, from 1
	Reason  string // ours
}

func (e *Error) Error() string { return e.Message + " " + e.Detail() }

// Detail says in one sentence where the document is wrong, and why.
func (e *Error) Detail() string {
	place := "the document"
	if e.Pointer != "" {
		place = e.Pointer
	}
	return "At " + place + " (line " + strconv.Itoa(e.Line) + ", column " + strconv.Itoa(e.Column) + "): " + e.Reason + "."
}

// Position is a place in a text, counted from 1.
type Position struct{ Line, Column int }

// position finds the line and column of an offset.
func position(text string, offset int) Position {
	c := cursor{text: text, at: Position{1, 1}}
	return c.move(offset)
}

// cursor finds the positions of one offset after the other.
type cursor struct {
	text   string
	offset int
	at     Position
}

func (c *cursor) move(offset int) Position {
	passed := c.text[c.offset:offset]
	if last := strings.LastIndexByte(passed, '\n'); last >= 0 {
		c.at.Line += strings.Count(passed, "\n")
		c.at.Column = 1
		passed = passed[last+1:]
	}
	c.at.Column += utf8.RuneCountInString(passed)
	c.offset = offset
	return c.at
}

// clip keeps a hostile megabyte out of an error.
func clip(s string) string {
	if len(s) > 256 {
		return strings.ToValidUTF8(s[:256], "") + "..."
	}
	return s
}
