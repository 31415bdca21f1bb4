package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/carillon-events/carillon/internal/pattern/explain"
	"github.com/carillon-events/carillon/internal/server"
)

func newEventsCommand() *cobra.Command {
	c := &cobra.Command{
		Use:     "events",
		Short:   "Put events, watch them go by, and find out where one went",
		Example: "  carillon events tail --bus shop\n  carillon events find --outcome dead-lettered --since 1h",
		Args:    exactly(),
		RunE:    func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(newEventsPutCommand(), newEventsTailCommand(), newEventsShowCommand(), newEventsExplainCommand(), newEventsFindCommand())
	return c
}

// tailRun is one events tail.
type tailRun struct {
	endpoint, bus, pattern string
	count                  int
	asJSON                 bool
	out, errOut            io.Writer
}

func newEventsTailCommand() *cobra.Command {
	t := &tailRun{}
	c := &cobra.Command{
		Use:   "tail",
		Short: "Show events as they are accepted, and which rules they match",
		Long: `Show events as they are accepted, and which rules they match. Only what is durable
is shown. Who reads too slowly misses events, and is told how many; the server
waits for nobody.

Against --auth strict, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are a key of
that server.`,
		Example: `  carillon events tail
  carillon events tail --bus shop --pattern '{"detail": {"total": [{"numeric": [">", 100]}]}}'
  carillon events tail --json | jq .event.detail`,
		Args: exactly(),
		RunE: func(c *cobra.Command, _ []string) error {
			t.out, t.errOut = c.OutOrStdout(), c.ErrOrStderr()
			ctx, stop := interruptible(c)
			defer stop()
			return t.run(ctx)
		},
	}
	f := c.Flags()
	f.StringVar(&t.bus, "bus", "", "only events of buses of that `name`")
	f.StringVar(&t.pattern, "pattern", "", "only events that match this event pattern: `JSON`")
	f.BoolVar(&t.asJSON, "json", false, "print a line of JSON for each event")
	f.IntVarP(&t.count, "count", "n", 0, "end after so many events (default: never)")
	f.StringVar(&t.endpoint, "endpoint", urlFromEnvironment(), "`URL` of the running server")
	return c
}

// maxTailLine is more than the largest event and what stands around it.
const maxTailLine = 16 << 20

func (t *tailRun) run(ctx context.Context) error {
	query := url.Values{}
	for name, value := range map[string]string{"bus": t.bus, "pattern": t.pattern} {
		if value != "" {
			query.Set(name, value)
		}
	}
	body, err := postAdmin(ctx, t.endpoint, server.TailPath+"?"+query.Encode())
	if err != nil {
		return err
	}
	defer body.Close()
	lines := bufio.NewScanner(body)
	lines.Buffer(nil, maxTailLine)
	for seen := 0; t.count == 0 || seen < t.count; {
		if !lines.Scan() {
			if ctx.Err() != nil {
				return nil // Ctrl-C is how a tail ends
			}
			if err := lines.Err(); err != nil {
				return fmt.Errorf("the tail broke off: %w", err)
			}
			fmt.Fprintln(t.errOut, "the server stopped")
			return nil
		}
		if len(lines.Bytes()) == 0 {
			continue // a heartbeat
		}
		if err := t.show(lines.Bytes()); err != nil {
			return err
		}
		seen++
	}
	return nil
}

// show prints one line of the server's.
func (t *tailRun) show(line []byte) error {
	if t.asJSON {
		_, err := fmt.Fprintf(t.out, "%s\n", line)
		return err
	}
	var l server.TailLine
	if err := json.Unmarshal(line, &l); err != nil {
		return fmt.Errorf("the server says what this carillon does not understand: %w", err)
	}
	if l.Missed > 0 {
		fmt.Fprintf(t.errOut, "… %d events went by unseen\n", l.Missed)
	}
	var e struct {
		ID         string          `json:"id"`
		Source     string          `json:"source"`
		DetailType string          `json:"detail-type"`
		Detail     json.RawMessage `json:"detail"`
	}
	if err := json.Unmarshal(l.Event, &e); err != nil {
		return fmt.Errorf("event %.80s: %w", l.Event, err)
	}
	rules := "no rule"
	if len(l.Rules) > 0 {
		rules = strings.Join(l.Rules, ", ")
	}
	_, err := fmt.Fprintf(t.out, "%s  %s  %s: %s  → %s\n    %s  %s\n", time.Now().Format(time.TimeOnly),
		explain.Printable(l.Bus), explain.Printable(e.Source), explain.Printable(e.DetailType), explain.Printable(rules),
		explain.Printable(e.ID), explain.Printable(clip(string(e.Detail), maxShownDetail)))
	return err
}

// maxShownDetail keeps an event on a line or two; --json has all of it.
const maxShownDetail = 200

func clip(s string, most int) string {
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "…"
}
