package schedule

import (
	"strconv"
	"strings"
)

// field is one of the six of a cron expression.
type field struct {
	name     string
	min, max int
	maxStep  int    // Quartz refuses larger ones, and so AWS does: cron(*/60 * * * ? *)
	names    string // of the values from min on, three letters each
	zero     int    // the value that is 0 in the set
	straight bool   // a range may not pass the end and go on at the start
}

const firstYear, lastYear = 1970, 2199

var (
	minutes    = field{name: "minutes", min: 0, max: 59, maxStep: 59}
	hours      = field{name: "hours", min: 0, max: 23, maxStep: 23}
	dayOfMonth = field{name: "day-of-month", min: 1, max: 31, maxStep: 31}
	months     = field{name: "month", min: 1, max: 12, maxStep: 12, names: "JANFEBMARAPRMAYJUNJULAUGSEPOCTNOVDEC"}
	dayOfWeek  = field{name: "day-of-week", min: 1, max: 7, maxStep: 7, names: "SUNMONTUEWEDTHUFRISAT"}
	years      = field{name: "year", min: firstYear, max: lastYear, maxStep: lastYear, zero: firstYear, straight: true}
)

// items are the parts of a list. AWS overlooks stray commas, so we do:
// PutRule takes cron(0/5, 9-18, ?, *, MON-FRI, *) (github.com/aws/aws-sdk/issues/161).
func (f *field) items(text string) ([]string, *Error) {
	list := strings.FieldsFunc(text, func(c rune) bool { return c == ',' })
	if len(list) == 0 {
		return nil, refuse(f.name, "there is no value")
	}
	return list, nil
}

// values is what a list of values, ranges and steps stands for.
func (f *field) values(list []string) (set, *Error) {
	var s set
	for _, item := range list {
		if err := f.addItem(&s, item); err != nil {
			return set{}, err
		}
	}
	return s, nil
}

// addItem adds what one of 5, MON, 1-5, 22-2, *, 0/15, */15, /15 and 8-17/2 stands for.
func (f *field) addItem(s *set, item string) *Error {
	span, step, stepped := strings.Cut(item, "/")
	by := 1
	if stepped {
		var ok bool
		if by, ok = number(step, 4); !ok || by < 1 || by > f.maxStep {
			return refuse(f.name, "the step "+quote(step)+" is not a whole number between 1 and "+strconv.Itoa(f.maxStep))
		}
	}
	low, high, err := f.span(span, stepped)
	if err != nil {
		return err
	}
	size := f.max - f.min + 1
	if low > high {
		if f.straight {
			return refuse(f.name, "the range "+quote(span)+" ends before it starts")
		}
		high += size
	}
	for v := low; v <= high; v += by {
		s.add((v-f.min)%size + f.min - f.zero)
	}
	return nil
}

// span is what a step counts in. A single value followed by a step goes on to the
// end of the field.
func (f *field) span(text string, stepped bool) (low, high int, err *Error) {
	if text == "*" || text == "" && stepped {
		return f.min, f.max, nil
	}
	first, last, ranged := strings.Cut(text, "-")
	if low, err = f.value(first); err != nil {
		return 0, 0, err
	}
	switch {
	case ranged:
		high, err = f.value(last)
	case stepped:
		high = f.max
	default:
		high = low
	}
	return low, high, err
}

// value is a number or a name, which the caller has put into upper case.
func (f *field) value(text string) (int, *Error) {
	if n, ok := number(text, 4); ok && f.min <= n && n <= f.max {
		return n, nil
	}
	if len(text) == 3 {
		for i := 0; i < len(f.names); i += 3 {
			if f.names[i:i+3] == text {
				return f.min + i/3, nil
			}
		}
	}
	valid := strconv.Itoa(f.min) + " to " + strconv.Itoa(f.max)
	if f.names != "" {
		valid += " or " + f.names[:3] + " to " + f.names[len(f.names)-3:]
	}
	if text == "?" {
		return 0, refuse(f.name, "? stands alone, in day-of-month or in day-of-week")
	}
	return 0, refuse(f.name, quote(text)+" is not "+valid)
}

// number reads at most so many digits, and nothing else.
func number(s string, digits int) (int, bool) {
	if s == "" || len(s) > digits {
		return 0, false
	}
	n := 0
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return 0, false
		}
		n = 10*n + int(s[i]-'0')
	}
	return n, true
}

func quote(s string) string { return strconv.Quote(s) }
