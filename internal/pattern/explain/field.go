package explain

import "github.com/carillon-events/carillon/internal/pattern/syntax"

// label is the field's path, clipped.
func (f *field) label() string { return clip(Printable(f.Name), maxPath) }

// describe puts a field in words; taken is the value by which the branch
// matches, if it does by one.
func (x *explainer) describe(f *field, taken *value) Field {
	out := Field{Path: f.label(), Missing: len(f.values) == 0, Tests: []Test{}}
	if out.Missing && !f.alone {
		out.Hint = x.event.hint(f.Name, x.emptyKeys)
	}
	values := pick(len(f.values), maxValues, func(i int) int {
		switch {
		case f.values[i] == taken:
			return 0
		case f.judged && f.accepted[i]:
			return 1
		}
		return 2
	})
	tests := pick(len(f.Tests), maxTests, func(i int) int {
		if f.judged && f.acceptedBy[i] {
			return 0
		}
		return 1
	})
	out.MoreValues, out.MoreTests = len(f.values)-len(values), len(f.Tests)-len(tests)
	for _, i := range values {
		v := f.values[i]
		out.Values = append(out.Values, Value{
			At: v.place.String(), Value: v.json(), Type: v.kind,
			Accepted: f.judged && f.accepted[i], Taken: v == taken,
		})
	}
	for n, i := range tests {
		if x.findings <= 0 {
			out.MoreTests += len(tests) - n
			break
		}
		out.Tests = append(out.Tests, x.test(f, i, values))
	}
	return out
}

// test tells what one test says of the values that are shown.
func (x *explainer) test(f *field, i int, values []int) Test {
	t := &f.Tests[i]
	out := Test{Test: clip(Render(t), maxText), Accepted: f.judged && f.acceptedBy[i]}
	if len(values) == 0 {
		x.findings--
		out.Findings = []Finding{{Accepted: t.Kind == syntax.Absent, Why: "the field is missing"}}
		return out
	}
	test := ask(t)
	for _, j := range values {
		x.findings--
		v := f.values[j]
		ok := accepts(test, v)
		out.Findings = append(out.Findings, Finding{At: v.place.String(), Accepted: ok, Why: why(t, v, ok)})
	}
	return out
}
