package schedule

import (
	"strings"
	"time"
)

// dayRule is which days of a month a cron expression chooses. One of its two day
// fields says it, the other one is ?.
type dayRule interface{ days(m month) set }

// month is what a rule has to know of one.
type month struct {
	length int
	first  int // the day of the week of its first day, 1 is Sunday
}

func monthOf(year, number int) month {
	next := time.Date(year, time.Month(number+1), 1, 0, 0, 0, 0, time.UTC)
	length := next.AddDate(0, 0, -1).Day()
	first := (int(next.Weekday()) - length%7 + 7) % 7
	return month{length, first + 1}
}

// weekday is the day of the week of a day, 1 is Sunday.
func (m month) weekday(day int) int { return (m.first+day-2)%7 + 1 }

const sunday, saturday = 1, 7

type (
	monthDays   set                          // 1,15 or 1-10 or */2
	lastDay     struct{ before int }         // L, L-3
	nearWeekday struct{ day int }            // 15W
	lastWeekday struct{ before int }         // LW, L-3W
	weekDays    set                          // MON-FRI; L is Saturday
	lastOfWeek  struct{ weekday int }        // 6L
	nthOfWeek   struct{ weekday, which int } // 3#2
)

// parseDayOfMonth returns nil for "?".
func parseDayOfMonth(text string) (dayRule, *Error) {
	f := &dayOfMonth
	list, err := f.items(text)
	if err != nil || len(list) == 1 && list[0] == "?" {
		return nil, err
	}
	if !strings.ContainsAny(text, "LW") {
		s, err := f.values(list)
		return monthDays(s), err
	}
	if len(list) > 1 {
		return nil, refuse(f.name, "L and W stand alone, not in a list")
	}
	item, weekday := strings.CutSuffix(list[0], "W")
	if rest, last := strings.CutPrefix(item, "L"); last {
		return parseLastDay(rest, weekday)
	}
	day, ok := number(item, 2)
	if !ok || !weekday || day < 1 || day > 31 {
		return nil, refuse(f.name, quote(list[0])+" is none of L, L-3, LW and 15W")
	}
	return nearWeekday{day}, nil
}

// parseLastDay reads what follows L in the day of the month, but for a W.
func parseLastDay(rest string, weekday bool) (dayRule, *Error) {
	before := 0
	if rest != "" {
		n, ok := number(strings.TrimPrefix(rest, "-"), 2)
		if rest[0] != '-' || !ok || n < 1 || n > 30 {
			return nil, refuse(dayOfMonth.name, quote("L"+rest)+" is not L, or L-1 to L-30")
		}
		before = n
	}
	if weekday {
		return lastWeekday{before}, nil
	}
	return lastDay{before}, nil
}

// parseDayOfWeek returns nil for "?".
func parseDayOfWeek(text string) (dayRule, *Error) {
	f := &dayOfWeek
	list, err := f.items(text)
	if err != nil || len(list) == 1 && list[0] == "?" {
		return nil, err
	}
	if !strings.ContainsAny(text, "L#") {
		s, err := f.values(list)
		return weekDays(s), err
	}
	if len(list) > 1 {
		return nil, refuse(f.name, "L and # stand alone, not in a list")
	}
	if list[0] == "L" {
		var s set
		s.add(saturday)
		return weekDays(s), nil
	}
	if name, last := strings.CutSuffix(list[0], "L"); last {
		day, err := f.value(name)
		return lastOfWeek{day}, err
	}
	name, nth, _ := strings.Cut(list[0], "#")
	day, err := f.value(name)
	if err != nil {
		return nil, err
	}
	which, ok := number(nth, 1)
	if !ok || which < 1 || which > 5 {
		return nil, refuse(f.name, quote(nth)+" after # is not 1 to 5")
	}
	return nthOfWeek{weekday: day, which: which}, nil
}

func one(day int, m month) (s set) {
	if 1 <= day && day <= m.length {
		s.add(day)
	}
	return s
}

func (d monthDays) days(m month) set {
	d[0] &= 1<<(m.length+1) - 1
	return set(d)
}

func (d lastDay) days(m month) set { return one(m.length-d.before, m) }

func (d lastWeekday) days(m month) set { return nearWeekday{m.length - d.before}.days(m) }

// days is the working day that is nearest, in the same month. A month without the
// day has none.
func (d nearWeekday) days(m month) set {
	day := d.day
	if day < 1 || day > m.length {
		return set{}
	}
	switch m.weekday(day) {
	case saturday:
		if day--; day == 0 {
			day = 3
		}
	case sunday:
		if day++; day > m.length {
			day -= 3
		}
	}
	return one(day, m)
}

func (d weekDays) days(m month) (s set) {
	chosen := set(d)
	for day := 1; day <= m.length; day++ {
		if chosen.has(m.weekday(day)) {
			s.add(day)
		}
	}
	return s
}

func (d lastOfWeek) days(m month) set {
	back := (m.weekday(m.length) - d.weekday + 7) % 7
	return one(m.length-back, m)
}

func (d nthOfWeek) days(m month) set {
	ahead := (d.weekday - m.first + 7) % 7
	return one(1+ahead+7*(d.which-1), m)
}
