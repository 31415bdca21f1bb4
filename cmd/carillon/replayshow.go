package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/carillon-events/carillon/internal/server"
)

// show prints all of a replay.
func (r *replayRun) show(s *server.ReplayStatus) error {
	if r.asJSON {
		return r.printJSON(s)
	}
	var b strings.Builder
	line := func(name, value string) {
		if value != "" {
			fmt.Fprintf(&b, "%-12s %s\n", name, printable(value))
		}
	}
	line("name", s.Name)
	line("state", string(s.State))
	line("reason", s.Reason)
	line("archive", s.Archive)
	line("bus", s.Bus)
	line("rules", strings.Join(s.Rules, ", "))
	line("description", s.Description)
	line("events", fmt.Sprint(s.Replayed))
	line("last event", timeText(s.LastAt))
	line("speed", speedText(s.Speed))
	line("started", timeText(s.StartedAt))
	line("ended", timeText(s.EndedAt))
	_, err := io.WriteString(r.out, b.String())
	return err
}

// row prints a replay in a line.
func (r *replayRun) row(s *server.ReplayStatus) error {
	if r.asJSON {
		return r.printJSON(s)
	}
	_, err := fmt.Fprintf(r.out, "%-10s  %-32s  %d events of %s, started %s\n", printable(string(s.State)), printable(s.Name), s.Replayed, printable(s.Archive), timeText(s.StartedAt))
	return err
}

func (r *replayRun) showDryRun(d *server.DryRun) error {
	if r.asJSON {
		return r.printJSON(d)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "would replay %d events and make %d deliveries; %d events match no rule\n", d.Events, d.Deliveries, d.Unmatched)
	for _, rule := range slices.Sorted(maps.Keys(d.Rules)) {
		n := d.Rules[rule]
		fmt.Fprintf(&b, "  %-32s  %d events, %d deliveries\n", printable(rule), n.Events, n.Deliveries)
	}
	if d.TooComplex > 0 {
		fmt.Fprintf(&b, "  %d times an event was too complex for a rule\n", d.TooComplex)
	}
	_, err := io.WriteString(r.out, b.String())
	return err
}

func timeText(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

func speedText(speed float64) string {
	if speed == 0 {
		return "max"
	}
	return fmt.Sprintf("%gx", speed)
}

// replayLine is one line that says how far a replay is; nothing where nobody
// looks.
type replayLine struct{ w io.Writer }

func newReplayLine(w io.Writer) *replayLine {
	if !isTerminal(w) {
		w = io.Discard
	}
	return &replayLine{w}
}

func (l *replayLine) say(text string) { fmt.Fprint(l.w, eraseLine+text) }

func (l *replayLine) clear() { fmt.Fprint(l.w, eraseLine) }

func (l *replayLine) show(s *server.ReplayStatus) {
	l.say(bar(fraction(s)) + fmt.Sprintf(" %d events", s.Replayed))
	if !s.LastAt.IsZero() {
		fmt.Fprintf(l.w, ", at %s", timeText(s.LastAt))
	}
}

const barWidth = 30

func bar(part float64) string {
	full := int(part * barWidth)
	return "[" + strings.Repeat("=", full) + strings.Repeat(" ", barWidth-full) + "]"
}

// fraction is how much of a replay is done, by the events' times, since how
// many events are left nobody has counted.
func fraction(s *server.ReplayStatus) float64 {
	end := s.To
	if s.StartedAt.Before(end) {
		end = s.StartedAt
	}
	switch all := end.Sub(s.FirstAt); {
	case s.State == "completed":
		return 1
	case s.LastAt.IsZero() || s.FirstAt.IsZero() || all <= 0:
		return 0
	default:
		return min(max(float64(s.LastAt.Sub(s.FirstAt))/float64(all), 0), 1)
	}
}
