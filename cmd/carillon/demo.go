package main

import (
	"context"
	"errors"
	"io"
	"net/url"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/carillon-events/carillon/internal/demo"
	"github.com/carillon-events/carillon/internal/edge"
	"github.com/carillon-events/carillon/internal/server"
)

func newDemoCommand() *cobra.Command {
	var o demo.Options
	c := &cobra.Command{
		Use:   "demo",
		Short: "Tell the whole story on real input, kill the server in the middle, and count",
		Long: `Demo starts a server on a temporary directory and tells a story in four chapters, through the AWS SDK: a smart door
whose notification service is down for a while; a shop with billing, a warehouse, e-mail, marketing in another account,
an order that nobody can read, and an analyst who comes late; what the services of AWS say; and a few hundred real
GitHub webhooks that fan out through a topic, while the server is killed as kill -9 does and starts again.

Then every queue is emptied and compared with what should be there. It ends with "nothing is missing", or with exit
status 1. It needs no network.

On a terminal, a board below the story shows buses, rules and queues as they are at the moment.

A server at --endpoint that runs with --auth strict is called with AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and, of temporary
credentials, AWS_SESSION_TOKEN.`,
		Example: `  carillon demo           # leaves the server up to look around, until Ctrl-C
  carillon demo --once    # ends after the check, and prints lines only
  carillon demo --endpoint http://127.0.0.1:4566`,
		Args:         exactly(),
		SilenceUsage: true,
		RunE: func(c *cobra.Command, _ []string) (err error) {
			if o.Endpoint != "" && c.Flags().Changed("kill") && o.Kill {
				return errors.New("--kill is for a server that the demo starts itself, not for one at --endpoint")
			}
			if o.Endpoint != "" {
				if err := checkEndpoint(o.Endpoint); err != nil {
					return err
				}
			}
			o.Token, o.Transport = os.Getenv("AWS_SESSION_TOKEN"), transport(c.Context())
			o.AccessKey, o.Secret = envOr("AWS_ACCESS_KEY_ID", "000000000000"), envOr("AWS_SECRET_ACCESS_KEY", "demo")
			ctx, stop := signal.NotifyContext(c.Context(), os.Interrupt, syscall.SIGTERM)
			defer stop()
			o.Out = c.OutOrStdout()
			o.Colour = isTerminal(o.Out) && os.Getenv("NO_COLOR") == ""
			o.Live = isTerminal(o.Out) && isTerminal(os.Stdin) && !o.Once
			o.Ask, o.Trail = askDemo, trailDemo
			if o.Executable, err = os.Executable(); err != nil {
				return err
			}
			if err = demo.Run(ctx, o); errors.Is(err, context.Canceled) {
				return errInterrupted
			}
			if unbelieved(err) {
				return explained(err)
			}
			return err
		},
	}
	s := c.Flags()
	s.BoolVar(&o.Once, "once", false, "end after the check")
	s.BoolVar(&o.Kill, "kill", true, "kill the server in the middle")
	s.StringVar(&o.Endpoint, "endpoint", "", "use the server at this address, which is not killed; what the demo creates there it removes")
	return c
}

func askDemo(ctx context.Context, endpoint, path string, in, out any) error {
	return ask(ctx, request{endpoint: endpoint, path: path, service: edge.AdminService}, in, out)
}

func trailDemo(ctx context.Context, endpoint, event string, out io.Writer) error {
	var answer server.TrailAnswer
	if err := askTrail(ctx, endpoint, "/"+url.PathEscape(event), nil, &answer); err != nil {
		return err
	}
	return printTrail(out, &answer)
}
