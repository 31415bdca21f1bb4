package schedule

import (
	"strconv"
	"strings"
	"time"
)

// cron is a cron expression, by the clocks of a zone.
type cron struct {
	minutes, hours, months, years set
	days                          dayRule
	zone                          *time.Location
}

// parseCron reads six fields. Upper and lower case are the same to it.
func parseCron(body string, g grammar) (timing, *Error) {
	w := words(strings.ToUpper(body))
	if len(w) == 5 && g.scheduler {
		w = append(w, "*")
	}
	if len(w) != 6 {
		return nil, refuse("", "a cron expression has six fields (minutes hours day-of-month month day-of-week year), this one has "+strconv.Itoa(len(w)))
	}
	c := &cron{zone: g.zone}
	for _, part := range []struct {
		field *field
		text  string
		to    *set
	}{
		{&minutes, w[0], &c.minutes}, {&hours, w[1], &c.hours}, {&months, w[3], &c.months}, {&years, w[5], &c.years},
	} {
		list, err := part.field.items(part.text)
		if err == nil {
			*part.to, err = part.field.values(list)
		}
		if err != nil {
			return nil, err
		}
	}
	var err *Error
	c.days, err = parseDays(w[2], w[4])
	return c, err
}

// parseDays reads both day fields, of which exactly one is ?.
func parseDays(ofMonth, ofWeek string) (dayRule, *Error) {
	byMonth, err := parseDayOfMonth(ofMonth)
	if err != nil {
		return nil, err
	}
	byWeek, err := parseDayOfWeek(ofWeek)
	if err != nil {
		return nil, err
	}
	const both = "day-of-month and day-of-week"
	switch {
	case byMonth == nil && byWeek == nil:
		return nil, refuse(both, "only one of them may be ?")
	case byMonth != nil && byWeek != nil:
		return nil, refuse(both, "one of them must be ?")
	case byMonth != nil:
		return byMonth, nil
	default:
		return byWeek, nil
	}
}

func (c *cron) next(after, _ time.Time) (time.Time, bool) {
	unix := after.Unix()
	at := minuteOf(unix + offset(c.zone, unix))
	for {
		var ok bool
		if at, ok = c.onOrAfter(at); !ok {
			return time.Time{}, false
		}
		// A time that is shown twice may lie behind us although at does not.
		if t, shown := instant(c.zone, at.wall()); shown && t > unix {
			return time.Unix(t, 0).UTC(), true
		}
		at.minute++
	}
}

func (c *cron) prev(upTo, _ time.Time) (time.Time, bool) {
	unix := upTo.Unix()
	at := minuteOf(latestWall(c.zone, unix))
	for {
		var ok bool
		if at, ok = c.onOrBefore(at); !ok {
			return time.Time{}, false
		}
		if t, shown := instant(c.zone, at.wall()); shown && t <= unix {
			return time.Unix(t, 0).UTC(), true
		}
		at.minute--
	}
}
