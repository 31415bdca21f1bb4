package explain

import (
	"fmt"
	"slices"

	"github.com/carillon-events/carillon/internal/pattern/oracle"
	"github.com/carillon-events/carillon/internal/pattern/syntax"
)

// explainer is one explanation in the making.
type explainer struct {
	event     *Event
	flat      *oracle.Event
	emptyKeys bool
	fields    map[*syntax.Field]*field
	judge     judge
	steps     int // left of maxSteps
	findings  int // left of maxFindings
}

// verdict is what is known of a branch before it is put in words.
type verdict struct {
	number    int // from 0
	fields    []*field
	matched   bool
	undecided bool
	taken     map[*field]*value // of a match; nil where a field is absent
	conflict  *Conflict
	passed    map[*field]bool // of no match: the fields that are satisfied
	failures  int
}

func (x *explainer) result(p *syntax.Pattern, r *Result) {
	all := make([]*verdict, len(p.Branches))
	for i, b := range p.Branches {
		all[i] = x.verdict(i, b)
	}
	if len(all) == 1 { // then the whole is the branch
		all[0].undecided = all[0].undecided && !r.Matched || r.GivenUp
		all[0].matched = r.Matched
	}
	for _, v := range all {
		if !r.Matched && !r.GivenUp && v.undecided {
			x.conflictUnnamed(v)
		}
	}
	show := pick(len(all), maxBranches, func(i int) int {
		if all[i].matched {
			return -1
		}
		return all[i].failures
	})
	r.MoreBranches = len(all) - len(show)
	for _, i := range show {
		r.Branches = append(r.Branches, x.branch(all[i]))
	}
}

// verdict decides a branch: first field by field, then together.
func (x *explainer) verdict(number int, b syntax.Branch) *verdict {
	v := &verdict{number: number, passed: map[*field]bool{}}
	var hopeful []*field
	for _, f := range b {
		f := x.field(f)
		v.fields = append(v.fields, f)
		v.passed[f] = f.alone
		if f.hopeless() {
			v.failures++
		} else {
			hopeful = append(hopeful, f)
		}
	}
	s, found := combine(hopeful, &x.steps)
	switch {
	case s.gaveUp:
		v.undecided = v.failures == 0
	case found && v.failures == 0:
		v.matched, v.taken = true, map[*field]*value{}
		for i, f := range hopeful {
			v.taken[f] = s.taken[i]
		}
	case found:
		for _, f := range hopeful {
			v.passed[f] = true
		}
	default:
		for i, f := range hopeful {
			// A field that wants absence is satisfied or not by what is chosen before.
			v.passed[f] = f.alone || i < s.far
		}
		v.conflict = x.conflict(hopeful[:s.far+1])
		v.failures++
	}
	return v
}

// pick takes at most most of n, those with the smallest rank, in their order.
func pick(n, most int, rank func(i int) int) []int {
	all := make([]int, n)
	for i := range all {
		all[i] = i
	}
	if n > most {
		slices.SortStableFunc(all, func(a, b int) int { return rank(a) - rank(b) })
		all = all[:most]
		slices.Sort(all)
	}
	return all
}

func (x *explainer) branch(v *verdict) Branch {
	out := Branch{Number: v.number + 1, Matched: v.matched, Undecided: v.undecided, Conflict: v.conflict}
	show := pick(len(v.fields), maxFields, func(i int) int {
		if v.matched || v.passed[v.fields[i]] {
			return 1
		}
		return 0
	})
	out.MoreFields = len(v.fields) - len(show)
	for _, i := range show {
		f := v.fields[i]
		described := x.describe(f, v.taken[f])
		described.Matched = v.matched || v.passed[f]
		switch {
		case f.alone || !f.absent || len(f.values) == 0 || !described.Matched:
		case v.matched:
			described.Hint = "it is missing in the array elements that the other fields take, and that counts"
		default:
			described.Hint = "it is missing in some array elements"
		}
		out.Fields = append(out.Fields, described)
	}
	return out
}

// summary is the result in a sentence.
func summary(r *Result) string {
	several := len(r.Branches)+r.MoreBranches > 1
	switch {
	case r.GivenUp:
		return "The event counts as not matching: its arrays can be combined with the pattern in too many ways."
	case r.Matched && several:
		for _, b := range r.Branches {
			if b.Matched {
				return fmt.Sprintf("The event matches: by branch %d of %d.", b.Number, len(r.Branches)+r.MoreBranches)
			}
		}
		return "The event matches; there are too many values to say by which branch."
	case r.Matched:
		return "The event matches."
	case several:
		return fmt.Sprintf("The event does not match: none of the %d branches does.", len(r.Branches)+r.MoreBranches)
	}
	return "The event does not match: " + r.Branches[0].reason() + "."
}

// reason is why a branch does not match.
func (b *Branch) reason() string {
	var failed []string
	for _, f := range b.Fields {
		if !f.Matched && !b.Conflict.has(f.Path) {
			failed = append(failed, clip(f.name(), maxText))
		}
	}
	switch {
	case len(failed) == 0 && b.Conflict != nil:
		return b.Conflict.Message
	case len(failed) == 0:
		return "there are too many values to say why"
	case len(failed) > 3 && b.MoreFields > 0:
		failed = append(failed[:3:3], "many more")
	case len(failed) > 3:
		failed = append(failed[:3:3], fmt.Sprintf("%d more", len(failed)-3))
	}
	return and(failed) + " did not match"
}

// name is the path in print: an empty one is visible.
func (f *Field) name() string {
	if f.Path == "" {
		return `""`
	}
	return f.Path
}
