package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/carillon-events/carillon/internal/pattern/explain"
	"github.com/carillon-events/carillon/internal/server"
)

// maxTrailAnswer is more than a server answers: events of a megabyte, each with
// what its targets saw.
const maxTrailAnswer = 256 << 20

// askTrail asks a running server for its trail, and reads the answer.
func askTrail(ctx context.Context, endpoint, below string, query url.Values, answer any) error {
	return askPage(ctx, endpoint, server.TrailPath+below, query, answer)
}

// askPage asks a running server for one of its pages, and reads the answer.
func askPage(ctx context.Context, endpoint, path string, query url.Values, answer any) error {
	if len(query) > 0 {
		path += "?" + query.Encode()
	}
	body, err := getAdmin(ctx, endpoint, path)
	if err != nil {
		return err
	}
	defer body.Close()
	if err := json.NewDecoder(io.LimitReader(body, maxTrailAnswer)).Decode(answer); err != nil {
		return fmt.Errorf("the server says what this carillon does not understand: %w", err)
	}
	return nil
}

const strictHelp = `

Against --auth strict, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are a key of
that server.`

func newEventsShowCommand() *cobra.Command {
	var endpoint string
	var asJSON bool
	most := 0
	c := &cobra.Command{
		Use:   "show ID",
		Short: "Tell what became of an event: rules, targets, attempts, outcomes",
		Long: `Tell what became of an event: the rules that matched it, as they were then, their
targets, every attempt at them with what was answered, and what came of it in the
end; which rules did not match, and why not. ID is what PutEvents returned,
or the MessageId of a Publish.` + strictHelp,
		Example: `  carillon events show 019ab6f2-7d3e-7c41-9a55-0e8f6b1d2c33
  carillon events show 019ab6f2-7d3e-7c41-9a55-0e8f6b1d2c33 --json | jq '.passages[].rules[].targets[].outcome'`,
		Args: exactly("ID"),
		RunE: func(c *cobra.Command, args []string) error {
			ctx, stop := interruptible(c)
			defer stop()
			var answer server.TrailAnswer
			query := url.Values{"unmatched": {strconv.Itoa(most)}}
			if err := askTrail(ctx, endpoint, "/"+url.PathEscape(args[0]), query, &answer); err != nil {
				return err
			}
			if asJSON {
				return printJSON(c.OutOrStdout(), answer)
			}
			return printTrail(c.OutOrStdout(), &answer)
		},
	}
	f := c.Flags()
	f.IntVar(&most, "unmatched", 10, "rules that did not match to show, at most; up to 100")
	f.BoolVar(&asJSON, "json", false, "print JSON")
	f.StringVar(&endpoint, "endpoint", urlFromEnvironment(), "`URL` of the running server")
	return c
}

func newEventsExplainCommand() *cobra.Command {
	var endpoint, rule, bus string
	var asJSON bool
	c := &cobra.Command{
		Use:   "explain ID --rule RULE",
		Short: "Tell why a rule matches an event, or why not",
		Long: `Tell why a rule, as it is now, matches an event that was accepted, or why not:
field by field, with the event's values and what each test of the rule's pattern
says of them. A rule that matched and was deleted since is explained as it was.` + strictHelp,
		Example: `  carillon events explain 019ab6f2-7d3e-7c41-9a55-0e8f6b1d2c33 --rule orders --bus shop`,
		Args:    exactly("ID"),
		RunE: func(c *cobra.Command, args []string) error {
			if rule == "" {
				return fmt.Errorf("%s needs --rule (see %s --help)", c.CommandPath(), c.CommandPath())
			}
			ctx, stop := interruptible(c)
			defer stop()
			var answer server.TrailExplanation
			query := url.Values{"rule": {rule}}
			if bus != "" {
				query.Set("bus", bus)
			}
			if err := askTrail(ctx, endpoint, "/"+url.PathEscape(args[0])+"/explain", query, &answer); err != nil {
				return err
			}
			if asJSON {
				return printJSON(c.OutOrStdout(), answer)
			}
			return printExplanation(c.OutOrStdout(), &answer)
		},
	}
	f := c.Flags()
	f.StringVar(&rule, "rule", "", "`name` or ARN of the rule")
	f.StringVar(&bus, "bus", "", "`name` of the bus, if the event was on several (default: the first that has the rule)")
	f.BoolVar(&asJSON, "json", false, "print JSON")
	f.StringVar(&endpoint, "endpoint", urlFromEnvironment(), "`URL` of the running server")
	return c
}

func printExplanation(w io.Writer, x *server.TrailExplanation) error {
	then := "did not match"
	if x.Matched {
		then = "matched"
	}
	fmt.Fprintf(w, "Rule %s on bus %s %s the event", explain.Printable(x.Rule), explain.Printable(x.Bus), then)
	switch {
	case x.Since != "":
		fmt.Fprintf(w, " (it was %s since)", x.Since)
	case x.Note != "":
		fmt.Fprintf(w, ": %s", explain.Printable(x.Note))
	}
	fmt.Fprintln(w, ".")
	if x.Explanation == nil {
		return nil
	}
	if x.Since == "deleted" {
		fmt.Fprintln(w, "\nIts pattern as it was:")
	} else {
		fmt.Fprintln(w, "\nIts pattern as it is now:")
	}
	return explain.Text(w, x.Explanation)
}

// finding is one events find.
type finding struct {
	endpoint, bus, rule, target, outcome, since, until, pattern string

	limit  int
	oldest bool
	asJSON bool
}

func newEventsFindCommand() *cobra.Command {
	var q finding
	c := &cobra.Command{
		Use:   "find",
		Short: "Find events that were accepted, by bus, rule, target, outcome, time or pattern",
		Long: `Find events that were accepted, the newest first, by what became of them. With
--rule, --target and --outcome, one delivery must suit all three. The outcomes are
delivered, waiting (to be tried again), dead-lettered, dropped, too-far (a third
bus) and unmatched (no rule matched, or there was no such bus).` + strictHelp,
		Example: `  carillon events find --bus shop --since 10m
  carillon events find --outcome dead-lettered --rule orders
  carillon events find --pattern '{"detail": {"total": [{"numeric": [">", 100]}]}}' --json | jq -r .eventId`,
		Args: exactly(),
		RunE: func(c *cobra.Command, _ []string) error {
			ctx, stop := interruptible(c)
			defer stop()
			return q.run(ctx, c.OutOrStdout(), c.ErrOrStderr(), time.Now())
		},
	}
	f := c.Flags()
	f.StringVar(&q.bus, "bus", "", "only events of buses of that `name`")
	f.StringVar(&q.rule, "rule", "", "only events that this rule matched: `name or ARN`")
	f.StringVar(&q.target, "target", "", "only events that went to this target: `id or ARN`")
	f.StringVar(&q.outcome, "outcome", "", "only events with this `outcome`")
	f.StringVar(&q.since, "since", "", "only events accepted since: `duration or time`, such as 10m or 2026-11-25T17:30:00Z")
	f.StringVar(&q.until, "until", "", "only events accepted before: `duration or time`")
	f.StringVar(&q.pattern, "pattern", "", "only events that match this event pattern: `JSON`")
	f.IntVar(&q.limit, "limit", 20, "how many to find, at most")
	f.BoolVar(&q.oldest, "oldest-first", false, "begin with the oldest")
	f.BoolVar(&q.asJSON, "json", false, "print a line of JSON for each event")
	f.StringVar(&q.endpoint, "endpoint", urlFromEnvironment(), "`URL` of the running server")
	return c
}

// maxFindPages bounds how long a search that finds nothing goes on.
const maxFindPages = 1000

func (q *finding) run(ctx context.Context, out, errOut io.Writer, now time.Time) error {
	query, err := q.query(now)
	if err != nil {
		return err
	}
	found := 0
	for range maxFindPages {
		query.Set("limit", strconv.Itoa(min(q.limit-found, 100)))
		var page server.TrailPage
		if err := askTrail(ctx, q.endpoint, "", query, &page); err != nil {
			return err
		}
		for i := range page.Events {
			if found == q.limit {
				break
			}
			found++
			if err := q.print(out, &page.Events[i]); err != nil {
				return err
			}
		}
		if page.Next == "" || found == q.limit {
			break
		}
		query.Set("token", page.Next)
	}
	if found == 0 {
		fmt.Fprintln(errOut, "no such event")
	}
	return nil
}

func (q *finding) query(now time.Time) (url.Values, error) {
	if q.limit < 1 {
		return nil, fmt.Errorf("--limit %d: want at least 1", q.limit)
	}
	query := url.Values{}
	for name, value := range map[string]string{"bus": q.bus, "rule": q.rule, "target": q.target, "outcome": q.outcome, "pattern": q.pattern} {
		if value != "" {
			query.Set(name, value)
		}
	}
	if q.oldest {
		query.Set("order", "oldest")
	}
	for flag, text := range map[string][2]string{"from": {"--since", q.since}, "until": {"--until", q.until}} {
		if text[1] == "" {
			continue
		}
		at, err := time.Parse(time.RFC3339, text[1])
		if ago, bad := time.ParseDuration(text[1]); bad == nil {
			at, err = now.Add(-ago), nil
		}
		if err != nil {
			return nil, fmt.Errorf("%s %q: want a duration such as 10m, or a time such as 2026-11-25T17:30:00Z", text[0], text[1])
		}
		query.Set(flag, at.UTC().Format(time.RFC3339Nano))
	}
	return query, nil
}

func (q *finding) print(w io.Writer, e *server.TrailEvent) error {
	if q.asJSON {
		enc := json.NewEncoder(w)
		enc.SetEscapeHTML(false)
		return enc.Encode(e)
	}
	_, err := fmt.Fprintf(w, "%s  %s  %s  %s: %s  → %s\n", e.EventID, e.AcceptedAt.Local().Format(time.DateTime), explain.Printable(e.Bus),
		explain.Printable(e.Source), explain.Printable(e.DetailType), explain.Printable(summaryOf(e)))
	return err
}

// summaryOf says in a few words where an event went.
func summaryOf(e *server.TrailEvent) string {
	switch {
	case e.Fate == "no-bus":
		return "no such bus"
	case e.Fate == "source-pending":
		return "the source was pending"
	case len(e.Rules) == 0 && e.Fate == "published":
		return "published"
	case len(e.Rules) == 0:
		return "no rule"
	}
	var all []string
	for _, r := range e.Rules {
		counts := map[string]int{}
		for _, t := range r.Targets {
			counts[t.Outcome]++
		}
		var parts []string
		for _, outcome := range []string{"delivered", "waiting", "dead-lettered", "dropped", "too-far"} {
			if n := counts[outcome]; n == 1 {
				parts = append(parts, outcome)
			} else if n > 1 {
				parts = append(parts, fmt.Sprintf("%d %s", n, outcome))
			}
		}
		all = append(all, r.Rule+" ("+strings.Join(parts, ", ")+")")
	}
	return strings.Join(all, ", ")
}
