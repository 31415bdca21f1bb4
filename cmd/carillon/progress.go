package main

import (
	"fmt"
	"io"
	"os"
	"time"

	"github.com/carillon-events/carillon/internal/bench"
)

// isTerminal says whether a person may be reading.
func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// progressLine is one line that is written over and over; nothing where nobody
// looks.
type progressLine struct {
	w    io.Writer
	name string
}

const eraseLine = "\r\x1b[K"

func newProgressLine(w io.Writer, name string) *progressLine {
	if !isTerminal(w) {
		w = io.Discard
	}
	fmt.Fprintf(w, "%s%s …", eraseLine, name)
	return &progressLine{w, name}
}

func (p *progressLine) show(done time.Duration, so bench.Counts) {
	fmt.Fprintf(p.w, "%s%s: %s, %d requests, %d messages, %d errors", eraseLine, p.name, done.Round(time.Second), so.Requests, so.Messages, so.Errors)
}

func (p *progressLine) clear() { fmt.Fprint(p.w, eraseLine) }
