package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/carillon-events/carillon/internal/bus"
)

func newBusCommand() *cobra.Command {
	c := &cobra.Command{
		Use:     "bus",
		Short:   "Say how event buses take events",
		Example: "  carillon bus idempotency shop --window 10m",
		Args:    exactly(),
		RunE:    func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(newBusIdempotencyCommand())
	return c
}

// idempotency is the command's flags.
type idempotency struct {
	bus, path, window, endpoint string
	off                         bool
}

func newBusIdempotencyCommand() *cobra.Command {
	in := idempotency{}
	c := &cobra.Command{
		Use:   "idempotency <bus>",
		Short: "Route an event once that is put twice",
		Long: `Have a bus recognise events that are put again: one that has the key of another,
within the window, is acknowledged with that one's id and not routed. It sets the
bus's tags ` + bus.TagKeyPath + ` and ` + bus.TagWindow + `,
as any client of the AWS API can. The bus is one of the account and region of
AWS_ACCESS_KEY_ID and AWS_REGION.`,
		Example: `  carillon bus idempotency shop --path $.detail.order.id --window 1h
  carillon bus idempotency shop --off`,
		Args: exactly("a bus"),
		RunE: func(c *cobra.Command, args []string) error {
			in.bus = args[0]
			if in.off && (c.Flags().Changed("path") || c.Flags().Changed("window")) {
				return errors.New("--off goes without --path and --window")
			}
			ctx, stop := interruptible(c)
			defer stop()
			return in.run(ctx)
		},
	}
	f := c.Flags()
	f.StringVar(&in.path, "path", bus.DefaultKeyPath, "JSON `path` of an event's key")
	f.StringVar(&in.window, "window", bus.DefaultWindow.String(), "how long a key is remembered: a `duration` from 1s to 24h")
	f.BoolVar(&in.off, "off", false, "route every event again")
	f.StringVar(&in.endpoint, "endpoint", urlFromEnvironment(), "`URL` of the running server")
	return c
}

// run asks for the bus's ARN, since only the server knows whose key ours is.
func (in *idempotency) run(ctx context.Context) error {
	type named struct{ Name string }
	type tag struct{ Key, Value string }
	call := func(operation string, input, output any) error {
		return ask(ctx, request{endpoint: in.endpoint, path: "/", service: "events", target: "AWSEvents." + operation}, input, output)
	}
	var found struct{ Arn string }
	if err := call("DescribeEventBus", named{in.bus}, &found); err != nil {
		return fmt.Errorf("bus %s: %w", in.bus, err)
	}
	if in.off {
		return call("UntagResource", struct {
			ResourceARN string
			TagKeys     []string
		}{found.Arn, []string{bus.TagKeyPath, bus.TagWindow}}, &struct{}{})
	}
	return call("TagResource", struct {
		ResourceARN string
		Tags        []tag
	}{found.Arn, []tag{{bus.TagKeyPath, in.path}, {bus.TagWindow, in.window}}}, &struct{}{})
}
