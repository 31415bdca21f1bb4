package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/spf13/cobra"

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

// interruptible ends with the first Ctrl-C, so that what was made in part is
// removed; the second one kills.
func interruptible(c *cobra.Command) (ctx context.Context, stop func()) {
	ctx, stop = signal.NotifyContext(c.Context(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)
	return ctx, stop
}

var errInterrupted = errors.New("interrupted")

// meter counts what is read through it, and stops where it is interrupted.
type meter struct {
	io.Reader
	ctx context.Context
	n   atomic.Int64
}

func (m *meter) Read(b []byte) (int, error) {
	if m.ctx.Err() != nil {
		return 0, errInterrupted
	}
	n, err := m.Reader.Read(b)
	m.n.Add(int64(n))
	return n, err
}

// working says on a terminal what takes so long and, where a meter runs, how
// far it is. The caller ends it with stop.
func working(w io.Writer, what string, m *meter) (stop func()) {
	if !isTerminal(w) {
		return func() {}
	}
	end, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		began := time.Now()
		tick := time.NewTicker(time.Second)
		defer tick.Stop()
		for {
			select {
			case <-end:
				fmt.Fprint(w, eraseLine)
				return
			case <-tick.C:
				so := ""
				if m != nil {
					so = ", " + sizeText(m.n.Load())
				}
				fmt.Fprintf(w, "%s%s: %s%s", eraseLine, what, time.Since(began).Round(time.Second), so)
			}
		}
	}()
	return func() {
		close(end)
		<-ended
	}
}

// sizeText is a number of bytes for a person.
func sizeText(n int64) string {
	size, unit := float64(n), ""
	for _, u := range byteUnits {
		if n >= u.bytes {
			size, unit = float64(n)/float64(u.bytes), u.suffix
		}
	}
	if unit == "" {
		return fmt.Sprintf("%d bytes", n)
	}
	return fmt.Sprintf("%.1f %s", size, unit)
}
