package explain

import (
	"encoding/json"

	"github.com/carillon-events/carillon/internal/pattern/oracle"
	"github.com/carillon-events/carillon/internal/pattern/syntax"
)

// judge asks the oracle about one test and one value: whether the pattern
// {"v": [test]} matches the event {"v": value}. So there is one place that knows
// what a test means, and it is not here.
type judge struct{ left int } // tests that may still be put to a value

// ask is the pattern of one test.
func ask(t *syntax.Test) *oracle.Pattern {
	f := &syntax.Field{Name: "v", Tests: []syntax.Test{*t}}
	return oracle.New(&syntax.Pattern{Branches: []syntax.Branch{{f}}})
}

// accepts tells whether the test accepts the value.
func accepts(test *oracle.Pattern, v *value) bool {
	if v.alone == nil {
		text := v.text
		if v.kind == isString {
			b, _ := json.Marshal(v.text) // a string is always written
			text = string(b)
		}
		var err error
		if v.alone, err = oracle.Flatten([]byte(`{"v":` + text + `}`)); err != nil {
			panic("explain: a value of an event is no JSON: " + err.Error())
		}
	}
	ok, _ := test.MatchEvent(v.alone) // one value cannot be too complex
	return ok
}

// alone tells whether the pattern would match if this were its only field.
func (x *explainer) alone(f *syntax.Field) bool {
	p := &syntax.Pattern{Branches: []syntax.Branch{{f}}}
	if x.emptyKeys {
		// A branch that never matches, for its name: the pattern then looks into
		// empty keys as the whole one does.
		nothing := syntax.Test{Kind: syntax.Range, Range: syntax.Bounds{Low: 1, HasLow: true, HasHigh: true}}
		p.Branches = append(p.Branches, syntax.Branch{{Name: "", Tests: []syntax.Test{nothing}}})
	}
	ok, _ := oracle.New(p).MatchEvent(x.flat)
	return ok
}

// field is a field of the pattern and what the event has for it. Branches share
// fields, so it is made once.
type field struct {
	*syntax.Field
	values []*value
	// accepted tells of each value, acceptedBy of each test, whether there is a
	// match; empty if there was no time to judge, and then only alone is known.
	accepted   []bool
	acceptedBy []bool
	judged     bool
	alone      bool // the oracle's verdict of this field alone
	absent     bool // one test wants that there is no value
}

func (x *explainer) field(f *syntax.Field) *field {
	if known := x.fields[f]; known != nil {
		return known
	}
	out := &field{Field: f, values: x.event.at(f.Name, x.emptyKeys)}
	for _, t := range f.Tests {
		out.absent = out.absent || t.Kind == syntax.Absent
	}
	if cost := out.cost() * len(f.Tests); cost <= x.judge.left {
		x.judge.left -= cost
		out.judge()
	}
	if out.judged {
		out.alone = out.absent && len(out.values) == 0
		for _, ok := range out.accepted {
			out.alone = out.alone || ok
		}
	} else {
		out.alone = x.alone(f)
	}
	x.fields[f] = out
	return out
}

// cost is what putting one test to all values takes; a long one counts for several.
func (f *field) cost() int {
	cost := 1
	for _, v := range f.values {
		cost += 1 + len(v.text)>>10
	}
	return cost
}

func (f *field) judge() {
	f.judged = true
	f.accepted, f.acceptedBy = make([]bool, len(f.values)), make([]bool, len(f.Tests))
	for i := range f.Tests {
		test := ask(&f.Tests[i])
		if len(f.values) == 0 {
			f.acceptedBy[i] = f.Tests[i].Kind == syntax.Absent
		}
		for j, v := range f.values {
			if accepts(test, v) {
				f.accepted[j], f.acceptedBy[i] = true, true
			}
		}
	}
}

// hopeless tells that the field cannot match in any branch: no value is
// accepted, and if absence is asked for, there is a value whatever array
// elements the other fields take.
func (f *field) hopeless() bool {
	if f.alone {
		return false
	}
	if !f.absent {
		return true
	}
	for _, v := range f.values {
		if len(v.from) == 0 {
			return true
		}
	}
	return false
}
