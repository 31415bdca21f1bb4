package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/carillon-events/carillon/internal/edge"
	"github.com/carillon-events/carillon/internal/ingest"
	"github.com/carillon-events/carillon/internal/pattern/explain"
	"github.com/carillon-events/carillon/internal/webhook"
)

func newWebhookCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "webhook",
		Short: "Take webhooks of GitHub, Stripe, Slack and others as events",
		Long: `A webhook is how a service on the web sends its events to a running server: it
posts them, signed with a secret that both know, to /ingest/<source>. The source
is the name of a partner event source, such as aws.partner/github.com/octocat,
and the events arrive on the event bus of the same name.

If the server runs with --auth strict, set AWS_ACCESS_KEY_ID and
AWS_SECRET_ACCESS_KEY to a key of that server.`,
		Example: "  carillon webhook set aws.partner/github.com/octocat --scheme github --secret-file secret.txt --bus",
		Args:    exactly(),
		RunE:    func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(newWebhookSetCommand(), newWebhookListCommand(), newWebhookRemoveCommand())
	return c
}

func newWebhookSetCommand() *cobra.Command {
	in := ingest.PutWebhook{}
	scheme := newChoice(schemeNames()...)
	secretFile, endpoint := "", urlFromEnvironment()
	c := &cobra.Command{
		Use:   "set <source>",
		Short: "Make a webhook, or change it",
		Long: `Make a webhook, or replace the one that the source has. The event source is made
if there is none, and with --bus also its event bus.

The secret is read from a file, or from the standard input with -, without a
line break at its end; it is kept encrypted and never shown again.`,
		Example: `  carillon webhook set aws.partner/github.com/octocat --scheme github --secret-file secret.txt --bus
  carillon webhook set aws.partner/shopify.com/shop --scheme hmac --secret-file - --bus \
      --header X-Shopify-Hmac-Sha256 --encoding base64 --type-header X-Shopify-Topic`,
		Args: exactly("a source"),
		RunE: func(c *cobra.Command, args []string) error {
			in.Source, in.Scheme = args[0], webhook.Scheme(scheme.value)
			secret, err := readSecret(c.InOrStdin(), secretFile)
			if err != nil {
				return err
			}
			in.Secret = secret
			ctx, stop := interruptible(c)
			defer stop()
			return setWebhook(ctx, c.OutOrStdout(), endpoint, in)
		},
	}
	f := c.Flags()
	f.Var(scheme, "scheme", "how the sender signs")
	_ = c.MarkFlagRequired("scheme") // it exists
	f.StringVar(&secretFile, "secret-file", "", "`file` with the secret; - for the standard input")
	f.BoolVar(&in.Bus, "bus", false, "have the source's event bus take the events; it is made if there is none")
	f.StringVar(&in.Header, "header", "", "hmac: `name` of the header with the signature")
	f.StringVar(&in.Algorithm, "algorithm", "", "hmac: sha256, sha512 or sha1 (default sha256)")
	f.StringVar(&in.Encoding, "encoding", "", "hmac: hex or base64 (default hex)")
	f.StringVar(&in.Prefix, "prefix", "", "hmac: `text` before the signature, such as sha256=")
	f.StringVar(&in.TypeHeader, "type-header", "", "`name` of a header with the event's type")
	f.StringVar(&in.TypePath, "type-path", "", "JSON `path` of the event's type in the body, such as $.action")
	f.StringVar(&in.IDHeader, "id-header", "", "`name` of a header with the sender's id of the delivery")
	f.StringVar(&in.Account, "account", "", "`account` of the source (default: yours)")
	f.StringVar(&in.Region, "region", "", "`region` of the source (default: yours)")
	f.StringVar(&endpoint, "endpoint", endpoint, "`URL` of the running server")
	return c
}

func schemeNames() (names []string) {
	for _, s := range webhook.Schemes {
		names = append(names, string(s))
	}
	return names
}

// readSecret reads a secret from a file. One that stands on the command line
// would be in the shell's history and in the list of processes.
func readSecret(stdin io.Reader, file string) (string, error) {
	const most = 64 << 10
	from := stdin
	switch file {
	case "":
		return "", errors.New("the secret is missing: set --secret-file FILE, or - for the standard input")
	case "-":
	default:
		f, err := os.Open(file)
		if err != nil {
			return "", fmt.Errorf("read the secret: %w", err)
		}
		defer f.Close()
		from = f
	}
	text, err := io.ReadAll(io.LimitReader(from, most))
	if err != nil {
		return "", fmt.Errorf("read the secret: %w", err)
	}
	return string(bytes.TrimRight(text, "\r\n")), nil
}

func setWebhook(ctx context.Context, out io.Writer, endpoint string, in ingest.PutWebhook) error {
	var w ingest.Webhook
	if err := ask(ctx, admin(endpoint, ingest.PutWebhookPath), in, &w); err != nil {
		return err
	}
	fmt.Fprintf(out, "%s\n  takes %s webhooks for account %s in %s; the event source is %s\n", w.URL, w.Scheme, w.Account, w.Region, w.State)
	if w.State != "active" {
		fmt.Fprintf(out, "  its events go nowhere until there is an event bus: say --bus, or\n  aws events create-event-bus --name %[1]s --event-source-name %[1]s\n", w.Source)
	}
	return nil
}

func admin(endpoint, path string) request {
	return request{endpoint: endpoint, path: path, service: edge.AdminService}
}

func newWebhookListCommand() *cobra.Command {
	in, endpoint := ingest.ListWebhooks{}, urlFromEnvironment()
	c := &cobra.Command{
		Use:   "list",
		Short: "Show the webhooks, without their secrets",
		Args:  exactly(),
		RunE: func(c *cobra.Command, _ []string) error {
			ctx, stop := interruptible(c)
			defer stop()
			return listWebhooks(ctx, c.OutOrStdout(), endpoint, in)
		},
	}
	c.Flags().StringVar(&in.Prefix, "prefix", "", "only of sources whose name begins with `text`")
	c.Flags().StringVar(&endpoint, "endpoint", endpoint, "`URL` of the running server")
	return c
}

func listWebhooks(ctx context.Context, out io.Writer, endpoint string, in ingest.ListWebhooks) error {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "SOURCE\tSCHEME\tACCOUNT\tREGION\tSTATE")
	for {
		var page ingest.Webhooks
		if err := ask(ctx, admin(endpoint, ingest.ListWebhooksPath), in, &page); err != nil {
			return err
		}
		for _, w := range page.Webhooks {
			fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\n", explain.Printable(w.Source), w.Scheme, w.Account, w.Region, w.State)
		}
		if in.After = page.After; in.After == "" {
			return table.Flush()
		}
	}
}

func newWebhookRemoveCommand() *cobra.Command {
	in, endpoint := ingest.DeleteWebhook{}, urlFromEnvironment()
	c := &cobra.Command{
		Use:   "remove <source>",
		Short: "Take no more webhooks of a source",
		Long:  "Take no more webhooks of a source. The event source and its event bus stay.",
		Args:  exactly("a source"),
		RunE: func(c *cobra.Command, args []string) error {
			in.Source = args[0]
			ctx, stop := interruptible(c)
			defer stop()
			return ask(ctx, admin(endpoint, ingest.DeleteWebhookPath), in, &struct{}{})
		},
	}
	f := c.Flags()
	f.StringVar(&in.Account, "account", "", "`account` of the source (default: yours)")
	f.StringVar(&in.Region, "region", "", "`region` of the source (default: yours)")
	f.StringVar(&endpoint, "endpoint", endpoint, "`URL` of the running server")
	return c
}
