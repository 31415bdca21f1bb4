package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/carillon-events/carillon/internal/access"
	"github.com/carillon-events/carillon/internal/edge"
	"github.com/carillon-events/carillon/internal/pattern/explain"
	"github.com/carillon-events/carillon/internal/server"
)

func newAccessCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "access",
		Short: "Tell which permissions callers lack, and why somebody may or may not",
		Long: `Who may do what is decided by IAM's policies and those of queues, topics and event
buses. With --auth dev everything is allowed, but a running server remembers what
--auth strict would have refused.` + strictHelp,
		Example: "  carillon access check\n  carillon access explain --principal arn:aws:iam::123456789012:user/shop --action sqs:SendMessage --resource arn:aws:sqs:us-east-1:123456789012:orders",
		Args:    exactly(),
		RunE:    func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(newAccessCheckCommand(), newAccessExplainCommand())
	return c
}

func newAccessCheckCommand() *cobra.Command {
	var endpoint string
	var asJSON, reset bool
	c := &cobra.Command{
		Use:   "check",
		Short: "Print the policies that an application still lacks",
		Long: `Print, for each access key, what --auth strict would have refused since the server
began (or, with --auth strict, what it has refused), and the smallest policy that
allows it, fit for PutUserPolicy or for the policies of a credentials file; and
what the policies of queues, topics and event buses of other accounts lack. So for
what rules and topics send: the statements that their targets' policies lack.

It exits with 1 if anything is lacking. --reset forgets what was asked, to begin
anew after a change of the application.` + strictHelp,
		Example: `  carillon access check
  carillon access check --json | jq '.keys[0].policy' > shop.json
  carillon access check --reset`,
		Args: exactly(),
		RunE: func(c *cobra.Command, _ []string) error {
			ctx, stop := interruptible(c)
			defer stop()
			if reset {
				return askAccess(ctx, http.MethodPost, endpoint, server.AccessResetPath, &struct{}{})
			}
			var report access.Report
			if err := askAccess(ctx, http.MethodGet, endpoint, server.AccessCheckPath, &report); err != nil {
				return err
			}
			if asJSON {
				return printJSON(c.OutOrStdout(), report)
			}
			if err := printReport(c.OutOrStdout(), &report); err != nil {
				return err
			}
			if len(report.Keys)+len(report.Sendings) > 0 {
				return errAnswered
			}
			return nil
		},
	}
	f := c.Flags()
	f.BoolVar(&asJSON, "json", false, "print JSON, and exit with 0")
	f.BoolVar(&reset, "reset", false, "forget what was asked")
	f.StringVar(&endpoint, "endpoint", urlFromEnvironment(), "`URL` of the running server")
	return c
}

func newAccessExplainCommand() *cobra.Command {
	var endpoint string
	var asJSON bool
	var q access.Asked
	var keys []string
	c := &cobra.Command{
		Use:   "explain --principal WHO --action ACTION [--resource ARN]",
		Short: "Tell whether somebody may do something, and why",
		Long: `Ask a running server whether somebody may do something by the policies that there
are now, and which statement says so. WHO is the ARN of a user, a role's session
or a root, an access key, the 12 digits of an account for its root, or a service:
events.amazonaws.com for a rule, whose ARN is the key aws:SourceArn.

It exits with 1 if the answer is no.` + strictHelp,
		Example: `  carillon access explain --principal arn:aws:iam::123456789012:user/shop \
      --action sqs:SendMessage --resource arn:aws:sqs:us-east-1:123456789012:orders --key aws:SourceIp=10.0.0.1`,
		Args: exactly(),
		RunE: func(c *cobra.Command, _ []string) error {
			if q.Principal == "" || q.Action == "" {
				return fmt.Errorf("%s needs --principal and --action (see %s --help)", c.CommandPath(), c.CommandPath())
			}
			ctx, stop := interruptible(c)
			defer stop()
			query := url.Values{"principal": {q.Principal}, "action": {q.Action}, "resource": {q.Resource}, "key": keys}
			var e access.Explanation
			if err := askAccess(ctx, http.MethodGet, endpoint, server.AccessExplainPath+"?"+query.Encode(), &e); err != nil {
				return err
			}
			if asJSON {
				return printJSON(c.OutOrStdout(), e)
			}
			printAccess(c.OutOrStdout(), &e)
			if e.Decision != "allowed" {
				return errAnswered
			}
			return nil
		},
	}
	f := c.Flags()
	f.StringVar(&q.Principal, "principal", "", "`who` asks")
	f.StringVar(&q.Action, "action", "", "`action`, such as sqs:SendMessage")
	f.StringVar(&q.Resource, "resource", "", "`ARN` of the resource (default *)")
	f.StringArrayVar(&keys, "key", nil, "condition key that the request has, `NAME=VALUE`, repeatable")
	f.BoolVar(&asJSON, "json", false, "print JSON, and exit with 0")
	f.StringVar(&endpoint, "endpoint", urlFromEnvironment(), "`URL` of the running server")
	return c
}

// maxAccessAnswer is more than 10,000 questions.
const maxAccessAnswer = 64 << 20

func askAccess(ctx context.Context, method, endpoint, path string, answer any) error {
	body, err := send(ctx, request{method: method, endpoint: endpoint, path: path, service: edge.AdminService})
	if err != nil {
		return err
	}
	defer body.Close()
	if err := json.NewDecoder(io.LimitReader(body, maxAccessAnswer)).Decode(answer); err != nil {
		return fmt.Errorf("the server says what this carillon does not understand: %w", err)
	}
	return nil
}

func printReport(out io.Writer, r *access.Report) error {
	said := map[string]string{"strict": "was refused", "dev": "would be refused by --auth strict"}[r.Mode]
	if len(r.Keys)+len(r.Sendings) == 0 {
		_, err := fmt.Fprintf(out, "Nothing that was asked since %s %s.\n", r.Since.Format("2006-01-02 15:04:05"), said)
		return err
	}
	for _, k := range r.Keys {
		name := k.AccessKey
		if name == "" {
			name = "(requests without a signature)"
		}
		questions := "1 question " + said
		if n := len(k.Lacks); n != 1 {
			questions = fmt.Sprintf("%d questions %s", n, strings.Replace(said, "was", "were", 1))
		}
		fmt.Fprintf(out, "%s, as %s: %s\n\n", explain.Printable(name), k.Principal, questions)
		w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
		for _, l := range k.Lacks {
			fmt.Fprintf(w, "  %d×\t%s\t%s\t%s\n", l.Count, l.Action, explain.Printable(l.Resource), remedies[l.Remedy])
		}
		if err := w.Flush(); err != nil {
			return err
		}
		if k.Policy != nil {
			fmt.Fprintf(out, "\nThe smallest policy for it:\n\n%s\n", k.Policy.Text())
		}
		fmt.Fprintln(out)
	}
	if err := printSendings(out, r, said); err != nil {
		return err
	}
	return printGrants(out, r)
}

// printSendings prints what rules and topics may not send.
func printSendings(out io.Writer, r *access.Report, said string) error {
	if len(r.Sendings) > 0 {
		fmt.Fprintf(out, "What rules and topics send: %d ways %s\n\n", len(r.Sendings), strings.Replace(said, "was", "were", 1))
		for _, s := range r.Sendings {
			fmt.Fprintf(out, "  %d×  %s\n      to %s\n      %s\n", s.Count, explain.Printable(s.Sender), explain.Printable(s.Resource), explain.Printable(s.Reason))
		}
		fmt.Fprintln(out)
	}
	for _, role := range r.Roles {
		if _, err := fmt.Fprintf(out, "The role %s lacks the policy:\n\n%s\n\n", explain.Printable(role.Role), role.Policy.Text()); err != nil {
			return err
		}
	}
	return nil
}

// remedies say what stands in the way, where it is not that a policy is missing.
var remedies = map[string]string{
	"policy":          "",
	"resource policy": "the resource's own policy must allow it",
	"deny":            "a statement denies it",
	"boundary":        "the permissions boundary does not allow it",
	"session":         "the session's policy does not allow it",
	"owner only":      "no policy can allow it to another account",
}

func printGrants(out io.Writer, r *access.Report) error {
	for _, g := range r.Grants {
		text, err := json.MarshalIndent(g.Statement, "", "  ")
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "The policy of %s lacks the statement:\n\n%s\n\n", explain.Printable(g.Resource), text)
	}
	if r.Dropped == 0 {
		return nil
	}
	_, err := fmt.Fprintf(out, "There was no room for %d more: give the policies above, and ask again after carillon access check --reset.\n", r.Dropped)
	return err
}

func printAccess(out io.Writer, e *access.Explanation) {
	answer := "no"
	if e.Decision == "allowed" {
		answer = "yes"
	}
	fmt.Fprintf(out, "%s: %s\n", answer, e.Reason)
	for _, m := range e.Matched {
		fmt.Fprintf(out, "  %s of %s, line %d, statement %s\n", m.Effect, m.Policy, m.Line, explain.Printable(m.Sid))
	}
	if len(e.Missing) > 0 {
		fmt.Fprintf(out, "  policies ask for %s, which the question does not have: --key NAME=VALUE\n", strings.Join(e.Missing, ", "))
	}
	if e.Denial != "" {
		fmt.Fprintf(out, "  the client is told: %s\n", e.Denial)
	}
}
