package schedule

import "time"

// once is an instant.
type once struct{ at time.Time }

// parseAt reads "2030-01-31T13:00:00" by the clocks of its zone.
func parseAt(body string, g grammar) (timing, *Error) {
	const layout = "2006-01-02T15:04:05"
	t, err := time.Parse(layout, body)
	// Parse is lenient about single digits and fractions of a second.
	if err != nil || t.Format(layout) != body {
		return nil, refuse("at", quote(body)+" is not a date and time such as 2030-01-31T13:00:00")
	}
	return once{time.Unix(instantOrAfter(g.zone, t.Unix()), 0).UTC()}, nil
}

func (o once) next(after, _ time.Time) (time.Time, bool) { return o.at, o.at.After(after) }

func (o once) prev(upTo, _ time.Time) (time.Time, bool) { return o.at, !o.at.After(upTo) }
