package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/carillon-events/carillon/internal/edge"
	"github.com/carillon-events/carillon/internal/pattern/explain"
	"github.com/carillon-events/carillon/internal/server"
)

func newReplayCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "replay",
		Short: "Send archived events again: at a speed, onto any bus, or not really",
		Long: `Send archived events again. A replay that the AWS API started is shown and
cancelled here, too; what the AWS API has no words for is a replay's speed, a bus
other than the archive's, and a dry run.`,
		Example: "  carillon replay start orders --from 2h --dry-run",
		Args:    exactly(),
		RunE:    func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(newReplayStartCommand(), newReplayListCommand(), newReplayShowCommand(), newReplayCancelCommand())
	return c
}

// replayRun is one replay command.
type replayRun struct {
	endpoint, region string
	asJSON           bool
	out, errOut      io.Writer
}

// command fills in what all replay commands have in common.
func (r *replayRun) command(c *cobra.Command, run func(ctx context.Context, args []string) error) *cobra.Command {
	c.RunE = func(c *cobra.Command, args []string) error {
		r.out, r.errOut = c.OutOrStdout(), c.ErrOrStderr()
		ctx, stop := interruptible(c)
		defer stop()
		return run(ctx, args)
	}
	c.Flags().BoolVar(&r.asJSON, "json", false, "print JSON")
	c.Flags().StringVar(&r.region, "region", envOr("AWS_REGION", os.Getenv("AWS_DEFAULT_REGION")), "AWS region of the archive (default: the server's)")
	c.Flags().StringVar(&r.endpoint, "endpoint", urlFromEnvironment(), "`URL` of the running server")
	return c
}

func newReplayStartCommand() *cobra.Command {
	r := &replayRun{}
	in := server.ReplayRequest{Do: "start"}
	from, to, speed := "", "", ""
	dry, detach := false, false
	c := r.command(&cobra.Command{
		Use:   "start ARCHIVE",
		Short: "Start a replay, and watch it until it ends",
		Long: `Start a replay of what is in the archive now, and watch it until it ends. It goes
on by itself, also if this command ends or the server is started anew.

Times are those of the events: 2026-01-02T15:04:05Z, 2026-01-02 for its first
moment in UTC, or 2h for two hours ago.`,
		Example: `  carillon replay start orders --from 2026-01-02 --to 2026-01-03
  carillon replay start orders --from 2h --bus lab --speed 10x
  carillon replay start orders --rule bill --rule ship --dry-run`,
		Args: exactly("ARCHIVE"),
	}, func(ctx context.Context, args []string) (err error) {
		now := time.Now()
		in.Archive = args[0]
		if in.From, err = parseWhen("from", from, now); err != nil {
			return err
		}
		if in.To, err = parseWhen("to", to, now); err != nil {
			return err
		}
		if in.Speed, err = parseSpeed(speed); err != nil {
			return err
		}
		if dry {
			in.Do = "dry-run"
			return r.dryRun(ctx, &in)
		}
		if in.Name == "" {
			in.Name = clipName(in.Archive, 40) + now.UTC().Format("-20060102T150405.000Z")
		}
		return r.start(ctx, &in, detach)
	})
	f := c.Flags()
	f.StringVar(&in.Name, "name", "", "`name` of the replay, which its events carry (default: the archive's and the time)")
	f.StringVar(&in.Bus, "bus", "", "`name` of the bus to replay onto (default: the archive's)")
	f.StringSliceVar(&in.Rules, "rule", nil, "only to the rule of that `name`, repeatable (default: all rules of the bus)")
	f.StringVar(&from, "from", "", "only events from that `time` on")
	f.StringVar(&to, "to", "", "only events before that `time`")
	f.StringVar(&speed, "speed", "max", "`N`x real time, as the events' times have it, or max")
	f.StringVar(&in.Description, "description", "", "`text` to keep with the replay")
	f.BoolVar(&dry, "dry-run", false, "send nothing: say how many events and deliveries it would be, by rule")
	f.BoolVar(&detach, "detach", false, "do not watch it")
	return c
}

func newReplayListCommand() *cobra.Command {
	r := &replayRun{}
	in := server.ReplayRequest{Do: "list"}
	c := r.command(&cobra.Command{Use: "list", Short: "List replays", Args: exactly()}, func(ctx context.Context, _ []string) error {
		for {
			var page server.ReplayList
			if err := r.ask(ctx, &in, &page); err != nil {
				return err
			}
			for i := range page.Replays {
				if err := r.row(&page.Replays[i]); err != nil {
					return err
				}
				in.After = page.Replays[i].Name
			}
			if !page.More || len(page.Replays) == 0 {
				return nil
			}
		}
	})
	c.Flags().StringVar(&in.Archive, "archive", "", "only those of the archive of that `name`")
	return c
}

func newReplayShowCommand() *cobra.Command {
	r := &replayRun{}
	follow := false
	c := r.command(&cobra.Command{Use: "show NAME", Short: "Show how far a replay is", Args: exactly("NAME")}, func(ctx context.Context, args []string) error {
		if follow {
			return r.follow(ctx, args[0])
		}
		return r.askAndShow(ctx, &server.ReplayRequest{Do: "show", Name: args[0]})
	})
	c.Flags().BoolVarP(&follow, "follow", "f", false, "watch it until it ends")
	return c
}

func newReplayCancelCommand() *cobra.Command {
	r := &replayRun{}
	return r.command(&cobra.Command{Use: "cancel NAME", Short: "Stop a replay; what it has sent stays sent", Args: exactly("NAME")}, func(ctx context.Context, args []string) error {
		return r.askAndShow(ctx, &server.ReplayRequest{Do: "cancel", Name: args[0]})
	})
}

// send sends a request and returns the answer's body.
func (r *replayRun) send(ctx context.Context, in *server.ReplayRequest) (io.ReadCloser, error) {
	in.Region = r.region
	body, err := json.Marshal(in)
	if err != nil {
		return nil, err
	}
	return send(ctx, request{endpoint: r.endpoint, path: server.ReplayPath, service: edge.AdminService, body: body})
}

func (r *replayRun) ask(ctx context.Context, in *server.ReplayRequest, out any) error {
	answer, err := r.send(ctx, in)
	if err != nil {
		return err
	}
	defer answer.Close()
	if err := json.NewDecoder(answer).Decode(out); err != nil {
		return fmt.Errorf("the server says what this carillon does not understand: %w", err)
	}
	return nil
}

func (r *replayRun) askAndShow(ctx context.Context, in *server.ReplayRequest) error {
	var status server.ReplayStatus
	if err := r.ask(ctx, in, &status); err != nil {
		return err
	}
	return r.show(&status)
}

func (r *replayRun) start(ctx context.Context, in *server.ReplayRequest, detach bool) error {
	var status server.ReplayStatus
	if err := r.ask(ctx, in, &status); err != nil {
		return err
	}
	if detach {
		return r.show(&status)
	}
	return r.follow(ctx, in.Name)
}

// followEvery is how often a replay is looked at: often enough for a person.
const followEvery = 200 * time.Millisecond

// follow watches a replay until it ends; its end is the command's.
func (r *replayRun) follow(ctx context.Context, name string) error {
	line := newReplayLine(r.errOut)
	defer line.clear()
	for {
		var status server.ReplayStatus
		if err := r.ask(ctx, &server.ReplayRequest{Do: "show", Name: name}, &status); err != nil {
			if ctx.Err() != nil {
				fmt.Fprintf(r.errOut, "%sthe replay goes on; stop it with: carillon replay cancel %s\n", eraseLine, name)
			}
			return err
		}
		line.show(&status)
		if status.State.Ended() {
			line.clear()
			if err := r.show(&status); err != nil || status.State != "failed" {
				return err
			}
			return errAnswered
		}
		select {
		case <-ctx.Done():
		case <-time.After(followEvery):
		}
	}
}

// dryRun prints what the server counts.
func (r *replayRun) dryRun(ctx context.Context, in *server.ReplayRequest) error {
	answer, err := r.send(ctx, in)
	if err != nil {
		return err
	}
	defer answer.Close()
	line := newReplayLine(r.errOut)
	lines := bufio.NewScanner(answer)
	lines.Buffer(nil, maxTailLine)
	var last server.DryRun
	for lines.Scan() {
		last = server.DryRun{}
		if err := json.Unmarshal(lines.Bytes(), &last); err != nil {
			return fmt.Errorf("the server says what this carillon does not understand: %w", err)
		}
		line.say(fmt.Sprintf("%d events, %d deliveries", last.Events, last.Deliveries))
	}
	line.clear()
	switch {
	case ctx.Err() != nil:
		return errInterrupted
	case last.Error != "":
		return fmt.Errorf("the dry run broke off after %d events: %s", last.Events, last.Error)
	case !last.Done:
		return fmt.Errorf("the dry run broke off after %d events", last.Events)
	}
	return r.showDryRun(&last)
}

// parseSpeed reads 10x, 0.5x, or max, which is 0.
func parseSpeed(s string) (float64, error) {
	if s == "max" {
		return 0, nil
	}
	number, ok := strings.CutSuffix(s, "x")
	speed, err := strconv.ParseFloat(number, 64)
	if !ok || err != nil || !(speed > 0) || speed > 1e6 {
		return 0, fmt.Errorf("--speed %q: want max, or times real time from above 0 to 1000000: 10x, 0.5x", s)
	}
	return speed, nil
}

// parseWhen reads a time, a day, or how long ago.
func parseWhen(flag, s string, now time.Time) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	for _, layout := range []string{time.RFC3339, time.DateOnly} {
		if t, err := time.Parse(layout, s); err == nil {
			return t, nil
		}
	}
	if ago, err := time.ParseDuration(s); err == nil && ago >= 0 {
		return now.Add(-ago), nil
	}
	return time.Time{}, fmt.Errorf("--%s %q: want 2026-01-02T15:04:05Z, 2026-01-02, or 2h for two hours ago", flag, s)
}

func clipName(s string, most int) string { return s[:min(len(s), most)] }

func (r *replayRun) printJSON(v any) error {
	e := json.NewEncoder(r.out)
	e.SetEscapeHTML(false)
	return e.Encode(v)
}

// printable keeps a server from writing to the terminal what is no text.
func printable(s string) string { return explain.Printable(s) }
