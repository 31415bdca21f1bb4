package schedule

import (
	"strings"
	"testing"
	"time"
)

// when is "Fri 2026-01-02 15:04:05", of which the day of the week is checked, or
// without it; the seconds may be missing.
func when(t testing.TB, s string) time.Time {
	t.Helper()
	day, rest, named := strings.Cut(s, " ")
	if !named || len(day) > 3 {
		rest = s
	}
	if len(rest) == len("2006-01-02 15:04") {
		rest += ":00"
	}
	at, err := time.Parse("2006-01-02 15:04:05", rest)
	if err != nil {
		t.Fatal(err)
	}
	if rest != s && named && len(day) == 3 && at.Format("Mon") != day {
		t.Fatalf("%s is a %s", s, at.Format("Mon"))
	}
	return at
}

// wantRun follows e from an instant, there and back.
func wantRun(t *testing.T, name string, e Expression, from string, want ...string) {
	t.Helper()
	at := when(t, from)
	var run []time.Time
	for i, w := range want {
		next, ok := e.Next(at)
		if w == "never" {
			if ok {
				t.Errorf("%s: %s: occurs at %v, want never", name, e, next)
			}
			break
		}
		if !ok || !next.Equal(when(t, w)) {
			t.Errorf("%s: %s: occurrence %d is %v %v, want %s", name, e, i, next.Format("Mon 2006-01-02 15:04:05"), ok, w)
			return
		}
		run = append(run, next)
		at = next
	}
	for i := len(run) - 1; i >= 0; i-- {
		if prev, ok := e.Prev(at); !ok || !prev.Equal(run[i]) {
			t.Errorf("%s: %s: back from %v is %v %v, want %v", name, e, at, prev, ok, run[i])
		}
		at = run[i].Add(-1)
	}
}

func TestRulesOccurAsTheDocumentationSays(t *testing.T) {
	for _, c := range []struct {
		name, text, from string
		want             []string
	}{
		{"every day at ten", "cron(0 10 * * ? *)", "2026-02-27 10:00",
			[]string{"2026-02-28 10:00", "2026-03-01 10:00"}},
		{"a quarter past noon, also after midnight of the year", "cron(15 12 * * ? *)", "2025-12-31 12:15",
			[]string{"2026-01-01 12:15"}},
		{"six in the evening from Monday to Friday", "cron(0 18 ? * MON-FRI *)", "2026-01-01 12:00",
			[]string{"Thu 2026-01-01 18:00", "Fri 2026-01-02 18:00", "Mon 2026-01-05 18:00"}},
		{"the first of the month", "cron(0 8 1 * ? *)", "2026-01-01 08:00:00",
			[]string{"2026-02-01 08:00", "2026-03-01 08:00"}},
		{"every fifteen minutes", "cron(0/15 * * * ? *)", "2026-01-01 23:40",
			[]string{"2026-01-01 23:45", "2026-01-02 00:00", "2026-01-02 00:15"}},
		{"a star that is stepped starts at the start", "cron(*/25 * * * ? *)", "2026-01-01 00:00",
			[]string{"2026-01-01 00:25", "2026-01-01 00:50", "2026-01-01 01:00"}},
		{"every ten minutes from the first minute on", "cron(1/10 * * * ? *)", "2026-01-01 00:00",
			[]string{"2026-01-01 00:01", "2026-01-01 00:11", "2026-01-01 00:21"}},
		{"every ten minutes, but not at the weekend", "cron(0/10 * ? * MON-FRI *)", "2026-01-02 23:45",
			[]string{"Fri 2026-01-02 23:50", "Mon 2026-01-05 00:00"}},
		{"every five minutes from eight to five to six", "cron(0/5 8-17 ? * MON-FRI *)", "2026-01-02 17:50",
			[]string{"2026-01-02 17:55", "Mon 2026-01-05 08:00"}},
		{"hours across midnight are hours of the same days", "cron(0/30 20-2 ? * MON-FRI *)", "2026-01-02 02:00",
			[]string{"Fri 2026-01-02 02:30", "Fri 2026-01-02 20:00", "2026-01-02 20:30"}},
		{"and of no others", "cron(0/30 20-2 ? * MON-FRI *)", "2026-01-02 23:15",
			[]string{"Fri 2026-01-02 23:30", "Mon 2026-01-05 00:00"}},
		{"five and thirty-five minutes past two", "cron(5,35 14 * * ? *)", "2026-01-01 00:00",
			[]string{"2026-01-01 14:05", "2026-01-01 14:35", "2026-01-02 14:05"}},
		{"the last Friday, and never again when the years are over", "cron(15 10 ? * 6L 2019-2022)", "2022-11-01 00:00",
			[]string{"Fri 2022-11-25 10:15", "Fri 2022-12-30 10:15", "never"}},
		{"the second Tuesday", "cron(0 0 ? * 3#2 *)", "2026-01-01 00:00",
			[]string{"Tue 2026-01-13 00:00", "Tue 2026-02-10 00:00"}},
		{"the first Monday", "cron(0 9 ? * 2#1 *)", "2026-05-10 00:00",
			[]string{"Mon 2026-06-01 09:00", "Mon 2026-07-06 09:00"}},
		{"the fifth Friday, in months that have one", "cron(0 0 ? * FRI#5 *)", "2026-01-01 00:00",
			[]string{"Fri 2026-01-30 00:00", "Fri 2026-05-29 00:00"}},
		{"the last day, also of a leap year's February", "cron(0 0 L 2 ? *)", "2026-01-01 00:00",
			[]string{"2026-02-28 00:00", "2027-02-28 00:00", "2028-02-29 00:00"}},
		{"three days before the last", "cron(0 0 L-3 * ? *)", "2026-01-01 00:00",
			[]string{"2026-01-28 00:00", "2026-02-25 00:00"}},
		{"the last weekday", "cron(0 21 LW * ? *)", "2026-01-01 00:00",
			[]string{"Fri 2026-01-30 21:00", "Fri 2026-02-27 21:00", "Tue 2026-03-31 21:00"}},
		{"the weekday nearest to the third", "cron(0 0 3W * ? *)", "2026-01-01 00:00",
			[]string{"Fri 2026-01-02 00:00", "Tue 2026-02-03 00:00", "Tue 2026-03-03 00:00", "Fri 2026-04-03 00:00", "Mon 2026-05-04 00:00"}},
		{"the weekday nearest to the first stays in its month", "cron(0 0 1W 2,8 ? *)", "2026-01-01 00:00",
			[]string{"Mon 2026-02-02 00:00", "Mon 2026-08-03 00:00"}},
		{"and so does the one nearest to the last", "cron(0 0 31W * ? *)", "2026-04-01 00:00",
			[]string{"Fri 2026-05-29 00:00", "Fri 2026-07-31 00:00"}},
		{"Saturday is the last day of the week", "cron(0 0 ? * L *)", "2026-01-01 00:00",
			[]string{"Sat 2026-01-03 00:00", "Sat 2026-01-10 00:00"}},
		{"Sunday is 1", "cron(0 0 ? * 1 *)", "2026-01-01 00:00", []string{"Sun 2026-01-04 00:00"}},
		{"from Friday to Monday", "cron(0 0 ? * FRI-MON *)", "2026-01-01 00:00",
			[]string{"Fri 2026-01-02 00:00", "Sat 2026-01-03 00:00", "Sun 2026-01-04 00:00", "Mon 2026-01-05 00:00", "Fri 2026-01-09 00:00"}},
		{"from November to February", "cron(0 0 1 NOV-FEB ? *)", "2026-01-15 00:00",
			[]string{"2026-02-01 00:00", "2026-11-01 00:00"}},
		{"a list of steps is all of them", "cron(0 0 1/10,2,3/8 * ? *)", "2026-01-01 00:00",
			[]string{"2026-01-02 00:00", "2026-01-03 00:00", "2026-01-11 00:00", "2026-01-19 00:00", "2026-01-21 00:00"}},
		{"February 29", "cron(0 0 29 2 ? *)", "2096-03-01 00:00", []string{"2104-02-29 00:00"}},
		{"February 30 never comes", "cron(0 0 30 2 ? *)", "1970-01-01 00:00", []string{"never"}},
		{"a fifth Monday of February comes in leap years", "cron(0 0 ? 2 2#5 *)", "2026-01-01 00:00", []string{"Mon 2044-02-29 00:00"}},
		{"the last minute of days", "cron(59 23 * * ? *)", "2026-02-27 23:59",
			[]string{"2026-02-28 23:59", "2026-03-01 23:59", "2026-03-02 23:59"}},
		{"seconds do not count", "cron(* * * * ? *)", "2026-01-01 00:00:59",
			[]string{"2026-01-01 00:01", "2026-01-01 00:02"}},
		{"nothing occurs before the first year", "cron(* * * * ? *)", "1800-06-15 12:30", []string{"1970-01-01 00:00"}},
		{"nor after the last", "cron(59 23 31 12 ? *)", "2198-12-31 23:59", []string{"2199-12-31 23:59", "never"}},
	} {
		e, err := Parse(c.text)
		if err != nil {
			t.Errorf("%s: %s: %s", c.name, c.text, detail(err))
			continue
		}
		wantRun(t, c.name, e, c.from, c.want...)
	}
}

func TestARateCountsFromItsStart(t *testing.T) {
	e, err := Parse("rate(7 minutes)")
	if err != nil {
		t.Fatal(err)
	}
	wantRun(t, "without a start from 1970", e, "1969-12-31 23:55", "1970-01-01 00:00", "1970-01-01 00:07")
	from := e.StartingAt(when(t, "2026-01-01 12:00:30"))
	wantRun(t, "the start is the first", from, "2020-01-01 00:00", "2026-01-01 12:00:30", "2026-01-01 12:07:30")
	wantRun(t, "and the others follow", from, "2026-01-01 12:00:30", "2026-01-01 12:07:30", "2026-01-01 12:14:30")
	wantRun(t, "wherever one looks from", from, "2026-01-01 12:14:29", "2026-01-01 12:14:30")
	if at, ok := from.Prev(when(t, "2026-01-01 12:00:29")); ok {
		t.Errorf("it has occurred at %v, before its start", at)
	}
	between := from.StartingAt(when(t, "2026-01-01 12:00:30").Add(7))
	if at, _ := between.Next(when(t, "2026-01-01 12:07:30")); !at.Equal(when(t, "2026-01-01 12:07:30").Add(7)) {
		t.Errorf("the start's fraction of a second is lost: %v", at)
	}
}

func TestACronDoesNotOccurBeforeItsStart(t *testing.T) {
	e, err := Parse("cron(0 10 * * ? *)")
	if err != nil {
		t.Fatal(err)
	}
	e = e.StartingAt(when(t, "2026-01-01 10:00"))
	wantRun(t, "the start may be the first", e, "2020-01-01 00:00", "2026-01-01 10:00", "2026-01-02 10:00")
	if at, ok := e.Prev(when(t, "2026-01-01 09:59")); ok {
		t.Errorf("it has occurred at %v, before its start", at)
	}
}

func TestAnAtOccursOnceAndIgnoresAStart(t *testing.T) {
	e, err := ParseScheduler("at(2022-11-20T13:00:05)", zone(t, "Europe/Paris"))
	if err != nil {
		t.Fatal(err)
	}
	e = e.StartingAt(when(t, "2040-01-01 00:00"))
	wantRun(t, "by the clocks of its zone", e, "2022-11-20 12:00", "2022-11-20 12:00:05", "never")
	if at, ok := e.Prev(when(t, "2022-11-20 12:00:04")); ok {
		t.Errorf("it has occurred at %v, before its time", at)
	}
}

func TestTheZeroExpressionNeverOccurs(t *testing.T) {
	var e Expression
	if at, ok := e.Next(time.Unix(0, 0)); ok {
		t.Errorf("occurs at %v", at)
	}
	if at, ok := e.Prev(time.Unix(0, 0)); ok {
		t.Errorf("occurred at %v", at)
	}
}

func TestExpressionsTellTheirKind(t *testing.T) {
	for text, want := range map[string]Kind{"rate(1 day)": Rate, "cron(* * * * ? *)": Cron, "at(2022-11-20T13:00:00)": At} {
		if e, err := ParseScheduler(text, nil); err != nil || e.Kind() != want {
			t.Errorf("%s is of kind %d, want %d (%v)", text, e.Kind(), want, err)
		}
	}
}
