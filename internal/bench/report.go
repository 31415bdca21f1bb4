package bench

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"
)

// Report is all measurements of a run, and what they ran on.
type Report struct {
	Endpoint   string    `json:"endpoint"`
	Server     string    `json:"server"` // "started by bench, fsync" or "running before"
	Began      time.Time `json:"began"`
	Cores      int       `json:"cores"`
	LoaderCore int       `json:"loaderThreads"`
	Fdatasync  *Latency  `json:"fdatasyncMs,omitempty"`
	Results    []Result  `json:"results"`
}

// WriteJSON writes the report as one JSON document.
func (r *Report) WriteJSON(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(r)
}

// WriteText writes the report as a table for people.
func (r *Report) WriteText(w io.Writer) error {
	fmt.Fprintf(w, "%s (%s), %d cores, loader on %d\n", r.Endpoint, r.Server, r.Cores, r.LoaderCore)
	if r.Fdatasync != nil {
		fmt.Fprintf(w, "fdatasync of 4 KB: %s\n", r.Fdatasync)
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "\nscenario\tconns\treq/s\tmsg/s\tp50 ms\tp90\tp99\tp99.9\tmax\terrors\tserver µs/req\tloader µs/req\tserver cores\t")
	for i := range r.Results {
		r.Results[i].row(t)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	for i := range r.Results {
		r.Results[i].notes(w)
	}
	return nil
}

func (r *Result) row(w io.Writer) {
	l := r.Latency
	fmt.Fprintf(w, "%s\t%d\t%s\t%s\t%.3f\t%.3f\t%.3f\t%.3f\t%.3f\t%d\t%s\t%s\t%s\t\n", r.Scenario, r.Connections,
		grouped(r.RequestsPerSecond), grouped(r.MessagesPerSecond), l.P50, l.P90, l.P99, l.P999, l.Max, r.Errors,
		known(r.ServerMicros), known(r.LoaderMicros), known(r.ServerCPU))
	if e := r.Echo; e != nil {
		l := e.Latency
		fmt.Fprintf(w, "  echo\t%d\t%s\t\t%.3f\t%.3f\t%.3f\t%.3f\t%.3f\t%d\t%s\t\t\t\n", r.Connections,
			grouped(e.RequestsPerSecond), l.P50, l.P90, l.P99, l.P999, l.Max, e.Errors, known(e.ServerMicros))
	}
}

// notes writes what has no column.
func (r *Result) notes(w io.Writer) {
	name := fmt.Sprintf("%s, %d connections: ", r.Scenario, r.Connections)
	if r.Echo != nil {
		fmt.Fprintf(w, "%s%.2f of a net/http echo of the same bytes\n", name, r.Echo.Ratio)
	}
	if r.Ack != nil {
		fmt.Fprintf(w, "%sthe send alone %s\n", name, r.Ack)
	}
	if r.AckPerFdatasync != nil {
		fmt.Fprintf(w, "%sthe median answer took %.2f fdatasyncs\n", name, *r.AckPerFdatasync)
	}
	if r.Missing > 0 || r.Duplicates > 0 {
		fmt.Fprintf(w, "%s%d MESSAGES MISSING, %d RECEIVED AGAIN\n", name, r.Missing, r.Duplicates)
	}
	if r.Errors > 0 {
		fmt.Fprintf(w, "%s%d ERRORS, the first: %s\n", name, r.Errors, r.FirstError)
	}
}

func (l *Latency) String() string {
	return fmt.Sprintf("p50 %.3f ms, p90 %.3f, p99 %.3f, p99.9 %.3f, max %.3f", l.P50, l.P90, l.P99, l.P999, l.Max)
}

func known(v *float64) string {
	if v == nil {
		return "-"
	}
	return fmt.Sprintf("%.2f", *v)
}

// grouped writes a rate with thousands apart: 12,345.
func grouped(v float64) string {
	digits := fmt.Sprintf("%.0f", v)
	var b strings.Builder
	for i, d := range digits {
		if i > 0 && (len(digits)-i)%3 == 0 {
			b.WriteByte(',')
		}
		b.WriteRune(d)
	}
	return b.String()
}
