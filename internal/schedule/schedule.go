// Package schedule reads AWS schedule expressions, as the rules of EventBridge
// and EventBridge Scheduler know them, and computes when they occur:
//
//	rate(5 minutes)                 every so often, counted from a start
//	cron(0 18 ? * MON-FRI *)        minutes hours day-of-month month day-of-week year
//	at(2030-01-31T13:00:00)         once; only Scheduler knows it
//
// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html
// https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html
//
// It owns the grammar, the calendar and daylight saving. It refuses what AWS is
// known to refuse, in AWS's words, and says beside them which field is wrong and
// why. Where AWS's pages are silent it does what Quartz does, of whose cron
// AWS's is a descendant (docs/adr/0018-schedule-expressions.md).
//
// It reads no clock and has no state: when to look, and what to do about an
// occurrence that was missed, is the caller's business.
//
// Invariants:
//   - An Expression does not change, and may be shared.
//   - Prev(t) <= t < Next(t), and no occurrence lies between them.
//   - Cron expressions occur at the full minute, once for each minute that the
//     clocks of the zone show, however often they show it.
//   - Next and Prev end in bounded time, also for February 30.
package schedule

import (
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// maxLength is AWS's limit of a schedule expression, in characters.
const maxLength = 256

// Kind tells the three forms of an expression apart.
type Kind uint8

// The kinds of expressions.
const (
	Rate Kind = iota + 1
	Cron
	At
)

// Expression is a schedule. The zero Expression never occurs.
type Expression struct {
	text   string
	kind   Kind
	timing timing
	start  time.Time
}

// timing is a kind of expression. start is where a rate counts from; the bound
// that it is for the others is kept by Expression.
type timing interface {
	// next is the first occurrence after an instant.
	next(after, start time.Time) (time.Time, bool)
	// prev is the last occurrence at or before an instant.
	prev(upTo, start time.Time) (time.Time, bool)
}

// Parse reads the schedule of a rule: rate or cron, in UTC. The error is an *Error.
func Parse(text string) (Expression, error) {
	t, kind, err := parse(text, grammar{zone: time.UTC})
	if err != nil {
		err.Message = "Parameter ScheduleExpression is not valid."
		return Expression{}, err
	}
	return Expression{text: text, kind: kind, timing: t}, nil
}

// ParseScheduler reads a schedule of EventBridge Scheduler: rate, cron or at, by
// the clocks of zone, which is UTC if it is nil. The error is an *Error.
func ParseScheduler(text string, zone *time.Location) (Expression, error) {
	if zone == nil {
		zone = time.UTC
	}
	t, kind, err := parse(text, grammar{zone: zone, scheduler: true})
	if err != nil {
		err.Message = "Invalid Schedule Expression " + text + "."
		return Expression{}, err
	}
	return Expression{text: text, kind: kind, timing: t}, nil
}

// grammar is what differs between rules and Scheduler, which also knows at, takes
// rate(1 minutes) for rate(1 minute), and a cron without a year for one of every year.
type grammar struct {
	zone      *time.Location
	scheduler bool
}

func parse(text string, g grammar) (timing, Kind, *Error) {
	if n := utf8.RuneCountInString(text); n > maxLength {
		return nil, 0, refuse("", "it has "+strconv.Itoa(n)+" characters, and may have 256")
	}
	form, rest, opened := strings.Cut(text, "(")
	body, closed := strings.CutSuffix(rest, ")")
	switch {
	case form == "rate" && opened && closed:
		t, err := parseRate(body, g)
		return t, Rate, err
	case form == "cron" && opened && closed:
		t, err := parseCron(body, g)
		return t, Cron, err
	case form == "at" && opened && closed && g.scheduler:
		t, err := parseAt(body, g)
		return t, At, err
	case form == "at" && opened && closed:
		return nil, 0, refuse("", "a rule knows rate(…) and cron(…); at(…) is for EventBridge Scheduler")
	case g.scheduler:
		return nil, 0, refuse("", "it is none of rate(…), cron(…) and at(…)")
	default:
		return nil, 0, refuse("", "it is neither rate(…) nor cron(…)")
	}
}

// words splits at blanks, as many as there are.
func words(s string) []string {
	return strings.FieldsFunc(s, func(c rune) bool { return c == ' ' || c == '\t' })
}

// String is the text that was parsed.
func (e Expression) String() string { return e.text }

// Kind is the form of e, 0 of the zero Expression.
func (e Expression) Kind() Kind { return e.kind }

// StartingAt is e with nothing before start. A rate counts from there, and start
// is its first occurrence; without a start it counts from 1970. Scheduler ignores
// the start of an at, and so does StartingAt.
func (e Expression) StartingAt(start time.Time) Expression {
	if e.kind != At {
		e.start = start
	}
	return e
}

// Next is the first occurrence after an instant, in UTC, or false if there is none.
func (e Expression) Next(after time.Time) (time.Time, bool) {
	if e.timing == nil {
		return time.Time{}, false
	}
	if !e.start.IsZero() && after.Before(e.start) {
		after = e.start.Add(-1)
	}
	return e.timing.next(after, e.start)
}

// Prev is the last occurrence at or before an instant, in UTC, or false if there
// is none. Whoever was away asks it for the one that was missed last.
func (e Expression) Prev(upTo time.Time) (time.Time, bool) {
	if e.timing == nil {
		return time.Time{}, false
	}
	t, ok := e.timing.prev(upTo, e.start)
	if !ok || !e.start.IsZero() && t.Before(e.start) {
		return time.Time{}, false
	}
	return t, true
}
