package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"strconv"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/carillon-events/carillon/internal/pattern/explain"
	"github.com/carillon-events/carillon/internal/server"
)

func newAuditCommand() *cobra.Command {
	c := newAuditFindCommand("audit")
	c.Short = "Tell who did what, and who was denied what"
	c.AddCommand(newAuditFindCommand("find"), newAuditExportCommand(), newAuditVerifyCommand())
	return c
}

// auditQuery is what the audit log is asked for.
type auditQuery struct {
	endpoint, since, until, account, principal, action, resource string

	denied, changes, oldest bool
	limit                   int
}

func (q *auditQuery) register(f *pflag.FlagSet) {
	f.StringVar(&q.since, "since", "", "only what was done since: `duration or time`, such as 10m or 2026-11-25T17:30:00Z")
	f.StringVar(&q.until, "until", "", "only what was done before: `duration or time`")
	f.StringVar(&q.account, "account", "", "only what is in the log of this `account`")
	f.StringVar(&q.principal, "principal", "", "only what this principal did: `ARN`, or its end, such as user/ann")
	f.StringVar(&q.action, "action", "", "only this `action`, such as sqs:CreateQueue, DeleteRule or iam:*")
	f.StringVar(&q.resource, "resource", "", "only what was done to this resource: `ARN`, or its end")
	f.BoolVar(&q.denied, "denied", false, "only what was denied")
	f.BoolVar(&q.changes, "changes", false, "only what may have changed something")
	f.StringVar(&q.endpoint, "endpoint", urlFromEnvironment(), "`URL` of the running server")
}

func (q *auditQuery) values(now time.Time) (url.Values, error) {
	if q.limit < 1 {
		return nil, fmt.Errorf("--limit %d: want at least 1", q.limit)
	}
	query := url.Values{}
	for name, value := range map[string]string{"account": q.account, "principal": q.principal, "action": q.action, "resource": q.resource} {
		if value != "" {
			query.Set(name, value)
		}
	}
	for name, set := range map[string]bool{"denied": q.denied, "changes": q.changes} {
		if set {
			query.Set(name, "true")
		}
	}
	if q.oldest {
		query.Set("order", "oldest")
	}
	for flag, text := range map[string][2]string{"from": {"--since", q.since}, "until": {"--until", q.until}} {
		at, err := instantOf(text[0], text[1], now)
		if err != nil {
			return nil, err
		}
		if !at.IsZero() {
			query.Set(flag, at.UTC().Format(time.RFC3339Nano))
		}
	}
	return query, nil
}

// instantOf reads a time, or how long ago it was; zero for nothing.
func instantOf(flag, text string, now time.Time) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	if ago, err := time.ParseDuration(text); err == nil {
		return now.Add(-ago), nil
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return at, fmt.Errorf("%s %q: want a duration such as 10m, or a time such as 2026-11-25T17:30:00Z", flag, text)
	}
	return at, nil
}

// each calls fn with the records that are wanted, up to the limit, and returns the
// token to go on after.
func (q *auditQuery) each(ctx context.Context, query url.Values, fn func(r *server.AuditRecord) error) (string, error) {
	found, token := 0, query.Get("token")
	for {
		query.Set("limit", strconv.Itoa(min(q.limit-found, 500)))
		var page server.AuditPage
		if err := askPage(ctx, q.endpoint, server.AuditPath, query, &page); err != nil {
			return token, err
		}
		for i := range page.Records {
			found++
			token = strconv.FormatUint(page.Records[i].Number, 10)
			if err := fn(&page.Records[i]); err != nil {
				return token, err
			}
		}
		if page.Next == "" || found >= q.limit {
			return token, nil
		}
		token = page.Next
		query.Set("token", token)
	}
}

func newAuditFindCommand(name string) *cobra.Command {
	var q auditQuery
	var asJSON, follow bool
	c := &cobra.Command{
		Use:   name,
		Short: "Find calls and denials by who, what, on which resource and when",
		Long: `Find calls that set something up or looked at how it is set up, and everything
that was denied, the newest first. docs/audit.md says what is recorded.` + strictHelp + ` It must be an operator's.`,
		Example: `  carillon audit --since 1h --changes
  carillon audit --denied --principal user/ann
  carillon audit --action sqs:DeleteQueue --resource orders --json
  carillon audit --follow`,
		Args: exactly(),
		RunE: func(c *cobra.Command, _ []string) error {
			ctx, stop := interruptible(c)
			defer stop()
			print := func(r *server.AuditRecord) error { return printAudit(c.OutOrStdout(), r, asJSON) }
			if follow {
				return q.follow(ctx, time.Now(), print)
			}
			query, err := q.values(time.Now())
			if err != nil {
				return err
			}
			_, err = q.each(ctx, query, print)
			return err
		},
	}
	q.register(c.Flags())
	c.Flags().IntVar(&q.limit, "limit", 50, "how many to find, at most")
	c.Flags().BoolVar(&q.oldest, "oldest-first", false, "begin with the oldest")
	c.Flags().BoolVar(&asJSON, "json", false, "print a line of JSON for each: number, link, and the record as CloudTrail has it")
	c.Flags().BoolVar(&follow, "follow", false, "go on with what is done from now on, until interrupted")
	return c
}

func (q *auditQuery) follow(ctx context.Context, now time.Time, print func(r *server.AuditRecord) error) error {
	q.oldest, q.limit = true, 1<<30
	if q.since == "" {
		q.since = now.UTC().Format(time.RFC3339Nano)
	}
	query, err := q.values(now)
	if err != nil {
		return err
	}
	for {
		token, err := q.each(ctx, query, print)
		if err != nil {
			return err
		}
		if token != "" {
			query.Set("token", token)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(followEvery):
		}
	}
}

// calledAs is what a line says of a record.
type calledAs struct {
	EventTime       time.Time `json:"eventTime"`
	EventSource     string    `json:"eventSource"`
	EventName       string    `json:"eventName"`
	SourceIPAddress string    `json:"sourceIPAddress"`
	ErrorCode       string    `json:"errorCode"`
	UserIdentity    struct {
		Type, ARN, AccountID, AccessKeyID, InvokedBy string
	} `json:"userIdentity"`
	Resources []struct {
		ARN string `json:"ARN"`
	} `json:"resources"`
	AdditionalEventData struct {
		Repeats, Count uint64
	} `json:"additionalEventData"`
}

func printAudit(w io.Writer, r *server.AuditRecord, asJSON bool) error {
	if asJSON {
		e := json.NewEncoder(w)
		e.SetEscapeHTML(false)
		return e.Encode(r)
	}
	var c calledAs
	if err := json.Unmarshal(r.Record, &c); err != nil {
		return fmt.Errorf("record %d is none of CloudTrail's: %w", r.Number, err)
	}
	who := c.UserIdentity.Type
	for _, better := range []string{c.UserIdentity.AccessKeyID, c.UserIdentity.AccountID, c.UserIdentity.InvokedBy, c.UserIdentity.ARN} {
		if better != "" {
			who = better
		}
	}
	line := fmt.Sprintf("%s  %s  %s from %s", c.EventTime.Local().Format(time.DateTime), c.EventSource+":"+c.EventName, who, c.SourceIPAddress)
	for _, resource := range c.Resources {
		line += "  " + resource.ARN
	}
	switch {
	case r.Denied:
		line += "  DENIED " + c.ErrorCode
		if r.Reason != "" {
			line += ": " + r.Reason
		}
	case c.ErrorCode != "":
		line += "  " + c.ErrorCode
	}
	if n := c.AdditionalEventData.Repeats; n > 0 {
		line += fmt.Sprintf("  (%d more times)", n)
	}
	_, err := fmt.Fprintln(w, explain.Printable(line))
	return err
}
