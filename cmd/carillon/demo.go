package main

import (
	"errors"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/carillon-events/carillon/internal/demo"
)

func newDemoCommand() *cobra.Command {
	var o demo.Options
	c := &cobra.Command{
		Use:   "demo",
		Short: "Send real GitHub webhooks through a bus to queues, kill the server in the middle, and count",
		Long: `Demo starts a server on a temporary directory, creates a bus, rules and queues through the AWS SDK, and puts a
few hundred real GitHub webhook payloads on the bus. In the middle it kills the server as kill -9 does and starts
it again on the same directory. Then it empties every queue and compares what came with what should be there.
It ends with "nothing is missing", or with exit status 1. It needs no network.

A server at --endpoint that runs with --auth strict is called with AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.`,
		Example: `  carillon demo           # leaves the server up to look around, until Ctrl-C
  carillon demo --once    # ends after the check
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
			o.AccessKey, o.Secret = envOr("AWS_ACCESS_KEY_ID", "000000000000"), envOr("AWS_SECRET_ACCESS_KEY", "demo")
			ctx, stop := signal.NotifyContext(c.Context(), os.Interrupt, syscall.SIGTERM)
			defer stop()
			o.TLS = trusted(c.Context())
			o.Out = c.OutOrStdout()
			o.Colour = isTerminal(o.Out) && os.Getenv("NO_COLOR") == ""
			if o.Executable, err = os.Executable(); err != nil {
				return err
			}
			return demo.Run(ctx, o)
		},
	}
	s := c.Flags()
	s.BoolVar(&o.Once, "once", false, "end after the check")
	s.BoolVar(&o.Kill, "kill", true, "kill the server in the middle")
	s.StringVar(&o.Endpoint, "endpoint", "", "use the server at this address, which is not killed; what the demo creates there it removes")
	return c
}
