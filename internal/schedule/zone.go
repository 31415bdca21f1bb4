package schedule

import "time"

// A wall time is what clocks show, in seconds as if they stood in UTC.

const daySeconds = 24 * 60 * 60

// offset is how far the clocks of zone are ahead of UTC at an instant.
func offset(zone *time.Location, unix int64) int64 {
	_, seconds := time.Unix(unix, 0).In(zone).Zone()
	return int64(seconds)
}

// instant is when the clocks of zone show wall for the first time. They never do
// if they skip it, going forward. If they are set back they show it twice, and the
// second time does not count. Scheduler says both:
// https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html#daylist-savings-time
func instant(zone *time.Location, wall int64) (unix int64, shown bool) {
	if zone == time.UTC {
		return wall, true
	}
	// No offset is a day long, so these are the ones before and after any change
	// that wall could be part of. The larger one comes to wall first.
	before, after := offset(zone, wall-daySeconds), offset(zone, wall+daySeconds)
	for _, o := range [2]int64{max(before, after), min(before, after)} {
		if offset(zone, wall-o) == o {
			return wall - o, true
		}
	}
	return 0, false
}

// instantOrAfter is instant, for a schedule that must not be lost: if clocks skip
// wall, it is as long after the change as wall is into what was skipped.
func instantOrAfter(zone *time.Location, wall int64) int64 {
	if unix, shown := instant(zone, wall); shown {
		return unix
	}
	return wall - offset(zone, wall-daySeconds)
}

// latestWall is the latest that the clocks of zone have shown up to an instant. It
// is ahead of what they show then on the day after they were set back.
func latestWall(zone *time.Location, unix int64) int64 {
	return unix + max(offset(zone, unix), offset(zone, unix-daySeconds))
}
