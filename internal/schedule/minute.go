package schedule

import "time"

// minute is one that clocks show. Its parts may be past their ends, as in the
// 25th hour of a day: the search that gets it next carries over.
type minute struct{ year, month, day, hour, minute int }

func minuteOf(wall int64) minute {
	t := time.Unix(wall, 0).UTC()
	return minute{t.Year(), int(t.Month()), t.Day(), t.Hour(), t.Minute()}
}

func (m minute) wall() int64 {
	return time.Date(m.year, time.Month(m.month), m.day, m.hour, m.minute, 0, 0, time.UTC).Unix()
}

// onOrAfter is the first minute of c that is m or later. It visits each month at
// most once, so it is bounded by the years there are.
func (c *cron) onOrAfter(m minute) (minute, bool) {
	for {
		year := c.years.from(m.year-firstYear) + firstYear
		if year < firstYear {
			return minute{}, false
		}
		if year != m.year {
			m = minute{year, 1, 1, 0, 0}
		}
		month := c.months.from(m.month)
		if month < 0 {
			m = minute{m.year + 1, 1, 1, 0, 0}
			continue
		}
		if month != m.month {
			m = minute{m.year, month, 1, 0, 0}
		}
		if c.forwardInMonth(&m) {
			return m, true
		}
		m = minute{m.year, m.month + 1, 1, 0, 0}
	}
}

// forwardInMonth moves m to the first minute of c in its month that is m or later.
func (c *cron) forwardInMonth(m *minute) bool {
	days := c.days.days(monthOf(m.year, m.month))
	for {
		day := days.from(m.day)
		if day < 0 {
			return false
		}
		if day != m.day {
			m.day, m.hour, m.minute = day, 0, 0
		}
		hour := c.hours.from(m.hour)
		if hour != m.hour {
			m.minute = 0
		}
		minute := c.minutes.from(m.minute)
		switch {
		case hour < 0:
			m.day, m.hour, m.minute = m.day+1, 0, 0
		case minute < 0:
			m.hour, m.minute = hour+1, 0
		default:
			m.hour, m.minute = hour, minute
			return true
		}
	}
}

// onOrBefore is onOrAfter, the other way.
func (c *cron) onOrBefore(m minute) (minute, bool) {
	for {
		year := c.years.upTo(m.year-firstYear) + firstYear
		if year < firstYear {
			return minute{}, false
		}
		if year != m.year {
			m = minute{year, 12, 31, 23, 59}
		}
		month := c.months.upTo(m.month)
		if month < 0 {
			m = minute{m.year - 1, 12, 31, 23, 59}
			continue
		}
		if month != m.month {
			m = minute{m.year, month, 31, 23, 59}
		}
		if c.backInMonth(&m) {
			return m, true
		}
		m = minute{m.year, m.month - 1, 31, 23, 59}
	}
}

// backInMonth is forwardInMonth, the other way.
func (c *cron) backInMonth(m *minute) bool {
	days := c.days.days(monthOf(m.year, m.month))
	for {
		day := days.upTo(m.day)
		if day < 0 {
			return false
		}
		if day != m.day {
			m.day, m.hour, m.minute = day, 23, 59
		}
		hour := c.hours.upTo(m.hour)
		if hour != m.hour {
			m.minute = 59
		}
		minute := c.minutes.upTo(m.minute)
		switch {
		case hour < 0:
			m.day, m.hour, m.minute = m.day-1, 23, 59
		case minute < 0:
			m.hour, m.minute = hour-1, 59
		default:
			m.hour, m.minute = hour, minute
			return true
		}
	}
}
