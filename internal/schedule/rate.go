package schedule

import (
	"strconv"
	"strings"
	"time"
)

// rate is the time between two occurrences, in seconds.
type rate struct{ every int64 }

var secondsOf = map[string]int64{"minute": 60, "hour": 60 * 60, "day": 24 * 60 * 60}

// maxRate keeps the arithmetic far from overflow. AWS names no limit.
const maxRate = 1_000_000

// parseRate reads "5 minutes". A day is 24 hours, also where daylight saving
// makes it 23 or 25.
func parseRate(body string, g grammar) (timing, *Error) {
	w := words(body)
	if len(w) != 2 {
		return nil, refuse("rate", "it takes a value and a unit, such as rate(5 minutes)")
	}
	value, ok := number(w[0], 7)
	if !ok || value < 1 || value > maxRate {
		return nil, refuse("rate value", quote(w[0])+" is not a whole number between 1 and "+strconv.Itoa(maxRate))
	}
	singular := strings.TrimSuffix(w[1], "s")
	seconds, known := secondsOf[singular]
	switch {
	case !known:
		return nil, refuse("rate unit", quote(w[1])+" is none of minute, minutes, hour, hours, day and days")
	case g.scheduler:
	case value == 1 && w[1] != singular:
		return nil, refuse("rate unit", "after 1 the unit is "+quote(singular))
	case value > 1 && w[1] == singular:
		return nil, refuse("rate unit", "after "+w[0]+" the unit is "+quote(singular+"s"))
	}
	return rate{int64(value) * seconds}, nil
}

func (r rate) next(after, start time.Time) (time.Time, bool) {
	return r.at(start, r.elapsed(after, start)+1), true
}

func (r rate) prev(upTo, start time.Time) (time.Time, bool) {
	return r.at(start, r.elapsed(upTo, start)), true
}

// elapsed is how often r has occurred from start to t, start not counted.
func (r rate) elapsed(t, start time.Time) int64 {
	start = orEpoch(start)
	seconds := t.Unix() - start.Unix()
	if t.Nanosecond() < start.Nanosecond() {
		seconds--
	}
	n := seconds / r.every
	if seconds%r.every < 0 {
		n--
	}
	return n
}

func (r rate) at(start time.Time, n int64) time.Time {
	start = orEpoch(start)
	return time.Unix(start.Unix()+n*r.every, int64(start.Nanosecond())).UTC()
}

func orEpoch(start time.Time) time.Time {
	if start.IsZero() {
		return time.Unix(0, 0)
	}
	return start
}
