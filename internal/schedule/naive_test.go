package schedule

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// naive is a cron expression as a test that every minute is put to. It knows what
// it has drawn, and reads no text.
type naive struct {
	minute, hour, month, year map[int]bool
	day                       func(t time.Time) bool
}

func (n naive) matches(local time.Time) bool {
	return n.minute[local.Minute()] && n.hour[local.Hour()] && n.month[int(local.Month())] && n.year[local.Year()] && n.day(local)
}

// occurs also asks whether the clocks have shown the minute before.
func (n naive) occurs(unix int64, zone *time.Location) bool {
	const layout = "2006-01-02 15:04"
	local := time.Unix(unix, 0).In(zone)
	if !n.matches(local) {
		return false
	}
	for back := int64(1); back <= 3*60; back++ {
		if time.Unix(unix-60*back, 0).In(zone).Format(layout) == local.Format(layout) {
			return false
		}
	}
	return true
}

// drawField draws a field's text and, by walking, what it stands for.
func drawField(t *rapid.T, label string, low, high, lastStep int, names []string) (string, map[int]bool) {
	chosen := map[int]bool{}
	walk := func(from, to, by int) {
		for at, n := from, 0; ; n++ {
			if n%by == 0 {
				chosen[at] = true
			}
			if at == to {
				return
			}
			if at++; at > high {
				at = low
			}
		}
	}
	write := func(v int) string {
		if names != nil && rapid.Bool().Draw(t, label+" by name") {
			return names[v-low]
		}
		return fmt.Sprint(v)
	}
	value := rapid.IntRange(low, high)
	var items []string
	for range rapid.IntRange(1, 3).Draw(t, label+" items") {
		a, b := value.Draw(t, label), value.Draw(t, label)
		if high > 2000 && a > b { // years do not go round
			a, b = b, a
		}
		by := rapid.IntRange(1, lastStep).Draw(t, label+" step")
		switch rapid.IntRange(0, 5).Draw(t, label+" form") {
		case 0:
			walk(low, high, 1)
			items = append(items, "*")
		case 1:
			walk(a, a, 1)
			items = append(items, write(a))
		case 2:
			walk(a, b, 1)
			items = append(items, write(a)+"-"+write(b))
		case 3:
			walk(a, b, by)
			items = append(items, fmt.Sprint(write(a), "-", write(b), "/", by))
		case 4:
			walk(a, high, by)
			items = append(items, fmt.Sprint(write(a), "/", by))
		case 5:
			walk(low, high, by)
			items = append(items, fmt.Sprint("*/", by))
		}
	}
	return strings.Join(items, ","), chosen
}

var (
	dayNames   = strings.Fields("SUN MON TUE WED THU FRI SAT")
	monthNames = strings.Fields("JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC")
)

func isWeekend(t time.Time) bool { return t.Weekday() == time.Saturday || t.Weekday() == time.Sunday }

// noon takes a date apart from the hour it was asked at.
func noon(t time.Time) time.Time {
	return time.Date(t.Year(), t.Month(), t.Day(), 12, 0, 0, 0, time.UTC)
}

// nearest is the weekday closest to a date in its month, by looking around it.
func nearest(day time.Time) time.Time {
	for _, by := range []int{0, -1, 1, -2, 2} {
		if d := day.AddDate(0, 0, by); d.Month() == day.Month() && !isWeekend(d) {
			return d
		}
	}
	panic("a month without weekdays")
}

// drawDays draws the two day fields and a test of a day.
func drawDays(t *rapid.T) (ofMonth, ofWeek string, is func(time.Time) bool) {
	n := rapid.IntRange(1, 31).Draw(t, "day")
	w := rapid.IntRange(1, 7).Draw(t, "weekday")
	back := rapid.IntRange(1, 30).Draw(t, "back")
	lastOf := func(d time.Time) time.Time { return time.Date(d.Year(), d.Month()+1, 0, 12, 0, 0, 0, time.UTC) }
	switch rapid.IntRange(0, 7).Draw(t, "form of days") {
	case 0:
		return "L", "?", func(d time.Time) bool { return noon(d).AddDate(0, 0, 1).Day() == 1 }
	case 1:
		return fmt.Sprint("L-", back), "?", func(d time.Time) bool { return noon(d).AddDate(0, 0, back).Equal(lastOf(d)) }
	case 2:
		return "LW", "?", func(d time.Time) bool { return nearest(lastOf(d)).Equal(noon(d)) }
	case 3:
		return fmt.Sprint(n, "W"), "?", func(d time.Time) bool {
			wanted := time.Date(d.Year(), d.Month(), n, 12, 0, 0, 0, time.UTC)
			return wanted.Month() == d.Month() && nearest(wanted).Equal(noon(d))
		}
	case 4:
		return "?", dayNames[w-1] + "L", func(d time.Time) bool {
			return int(d.Weekday())+1 == w && noon(d).AddDate(0, 0, 7).Month() != d.Month()
		}
	case 5:
		k := rapid.IntRange(1, 5).Draw(t, "nth")
		return "?", fmt.Sprint(w, "#", k), func(d time.Time) bool {
			return int(d.Weekday())+1 == w && noon(d).AddDate(0, 0, -7*(k-1)).Month() == d.Month() && noon(d).AddDate(0, 0, -7*k).Month() != d.Month()
		}
	case 6:
		text, chosen := drawField(t, "day-of-month", 1, 31, 31, nil)
		return text, "?", func(d time.Time) bool { return chosen[d.Day()] }
	default:
		text, chosen := drawField(t, "day-of-week", 1, 7, 7, dayNames)
		return "?", text, func(d time.Time) bool { return chosen[int(d.Weekday())+1] }
	}
}

func drawCron(t *rapid.T) (string, naive) {
	minute, isMinute := drawField(t, "minutes", 0, 59, 59, nil)
	hour, isHour := drawField(t, "hours", 0, 23, 23, nil)
	month, isMonth := drawField(t, "month", 1, 12, 12, monthNames)
	year, isYear := drawField(t, "year", 1970, 2199, 9, nil)
	if rapid.Bool().Draw(t, "every year") {
		year = "*"
		for y := 1970; y <= 2199; y++ {
			isYear[y] = true
		}
	}
	ofMonth, ofWeek, isDay := drawDays(t)
	text := fmt.Sprintf("cron(%s %s %s %s %s %s)", minute, hour, ofMonth, month, ofWeek, year)
	return text, naive{isMinute, isHour, isMonth, isYear, isDay}
}

func parseDrawn(t *rapid.T, text string, zone *time.Location) Expression {
	if len(text) > maxLength {
		t.Skip("too long for AWS")
	}
	e, err := ParseScheduler(text, zone)
	if err != nil {
		t.Fatalf("%s: %s", text, detail(err))
	}
	return e
}

func TestEveryMinuteOfSomeDaysIsAsANaiveReadingHasIt(t *testing.T) {
	zones := []string{"UTC", "America/New_York", "Europe/Paris", "Australia/Lord_Howe", "Asia/Kathmandu", "America/St_Johns", "Africa/Casablanca"}
	rapid.Check(t, func(t *rapid.T) {
		text, n := drawCron(t)
		z, err := time.LoadLocation(rapid.SampledFrom(zones).Draw(t, "zone"))
		if err != nil {
			t.Fatal(err)
		}
		e := parseDrawn(t, text, z)
		from := drawInstant(t, z)
		until := from + 2*24*60*60
		at := time.Unix(from, 0)
		for unix := from + 60; unix <= until; unix += 60 {
			if !n.occurs(unix, z) {
				continue
			}
			next, ok := e.Next(at)
			if !ok || next.Unix() != unix {
				t.Fatalf("%s in %s: after %v is %v %v, want %v", text, z, at.In(z), next.In(z), ok, time.Unix(unix, 0).In(z))
			}
			if prev, ok := e.Prev(next.Add(-1)); at.Unix() > from && (!ok || !prev.Equal(at)) {
				t.Fatalf("%s in %s: before %v is %v %v, want %v", text, z, next.In(z), prev.In(z), ok, at.In(z))
			}
			at = next
		}
		if next, ok := e.Next(at); ok && next.Unix() <= until {
			t.Fatalf("%s in %s: %v is one too many", text, z, next.In(z))
		}
		if prev, ok := e.Prev(time.Unix(until, 0)); at.Unix() > from && (!ok || !prev.Equal(at)) {
			t.Fatalf("%s in %s: the last before %v is %v %v, want %v", text, z, time.Unix(until, 0).In(z), prev.In(z), ok, at.In(z))
		}
	})
}

// drawInstant draws a full minute, half the time one a day or less before clocks change.
func drawInstant(t *rapid.T, z *time.Location) int64 {
	unix := rapid.Int64Range(3*365, 220*365).Draw(t, "day")*24*60*60 + 60*rapid.Int64Range(0, 24*60-1).Draw(t, "minute")
	if _, change := time.Unix(unix, 0).In(z).ZoneBounds(); !change.IsZero() && rapid.Bool().Draw(t, "near a change") {
		// Some builds of the zone files close with an entry at 2³¹-1, which is not a full minute.
		minute := change.Unix() - change.Unix()%60
		return minute - 60*rapid.Int64Range(0, 24*60).Draw(t, "before it")
	}
	return unix
}

func TestTheDaysOfSomeYearsAreAsANaiveReadingHasThem(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ofMonth, ofWeek, isDay := drawDays(t)
		month, isMonth := drawField(t, "month", 1, 12, 12, monthNames)
		text := fmt.Sprintf("cron(30 12 %s %s %s *)", ofMonth, month, ofWeek)
		e := parseDrawn(t, text, time.UTC)
		at := time.Date(rapid.IntRange(1970, 2190).Draw(t, "year"), 1, 1, 12, 30, 0, 0, time.UTC)
		until, first := at.AddDate(4, 0, 0), true
		for day := at.AddDate(0, 0, 1); day.Before(until); day = day.AddDate(0, 0, 1) {
			if !isMonth[int(day.Month())] || !isDay(day) {
				continue
			}
			if next, ok := e.Next(at); !ok || !next.Equal(day) {
				t.Fatalf("%s: after %v is %v %v, want %v", text, at, next, ok, day)
			}
			if prev, ok := e.Prev(day.Add(-1)); !first && (!ok || !prev.Equal(at)) {
				t.Fatalf("%s: before %v is %v %v, want %v", text, day, prev, ok, at)
			}
			at, first = day, false
		}
		if next, ok := e.Next(at); ok && next.Before(until) {
			t.Fatalf("%s: %v is one too many", text, next)
		}
	})
}
