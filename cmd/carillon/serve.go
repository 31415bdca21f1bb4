package main

import (
	"context"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/carillon-events/carillon/internal/server"
)

func newServeCommand() *cobra.Command {
	s := newServeSettings()
	c := &cobra.Command{
		Use:   "serve",
		Short: "Start a Carillon",
		Long: `Start a Carillon and serve until SIGINT or SIGTERM, which finishes what was
accepted, syncs, and exits with 0. A second signal ends at once; what was
acknowledged is safe either way. With TLS, SIGHUP has the files of certificates
read again, which happens by itself, too, some seconds after they change.

Every setting is a flag, an environment variable (--sync-interval is
CARILLON_SYNC_INTERVAL) and a key of the YAML file that --config names
(sync-interval). A flag beats the environment, which beats the file. Durations
are written 100ms, 10s or 1h30m; sizes 512KiB or 10MiB.

The file of --credentials is YAML:

  credentials:
    - accessKeyId: AKIAORDERS
      secretAccessKey: a-long-secret
      account: "123456789012"
      user: orders            # of IAM; the account's root if left out, who may everything in it
      policies: [orders.json] # of the user: files beside this one, or JSON texts
    - accessKeyId: AKIAOPS
      secretAccessKey: another-long-secret
      account: "123456789012"
      operator: true          # may take backups, read trails, …; if none has it, all roots may
      certificate: CN=ops     # who shows it is the same (--tls-client-ca); a key may be left out then

A user may what its policies allow, here and in IAM, and nothing without. With
--auth dev everything is allowed; carillon access check prints the policies that
an application lacks for --auth strict.`,
		Example: `  carillon serve
  carillon serve --data /var/lib/carillon --durability fsync
  carillon serve --tls self                                   # https, for development
  carillon serve --listen 0.0.0.0:4566 --auth strict --credentials keys.yaml --tls-cert cert.pem --tls-key key.pem
  carillon serve --durability memory --listen 127.0.0.1:0     # for tests
  CARILLON_REGION=eu-west-1 carillon serve --config carillon.yaml`,
		Args: exactly(),
		RunE: func(c *cobra.Command, _ []string) error {
			if err := s.merge(); err != nil {
				return err
			}
			if err := s.checkSaid(); err != nil {
				return err
			}
			return serve(c.Context(), s, c.OutOrStdout(), c.ErrOrStderr())
		},
	}
	s.register(c)
	return c
}

// serve runs a server until a signal comes.
func serve(ctx context.Context, s *serveSettings, out, logs io.Writer) error {
	if ctx == nil {
		ctx = context.Background()
	}
	ctx, stop := signal.NotifyContext(ctx, syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // from here on a signal kills

	config := s.config()
	config.Version = readBuild().version
	config.Logger = s.logger(logs)
	if s.logFormat.value == formatText {
		config.Banner = out
	}
	if config.TLS.On() {
		again := make(chan os.Signal, 1)
		signal.Notify(again, syscall.SIGHUP)
		defer signal.Stop(again)
		config.Reload = again
	}
	slog.SetDefault(config.Logger)
	for _, name := range s.strays {
		config.Logger.Warn("an environment variable looks like a setting, but is none", "name", name)
	}
	return server.Run(ctx, config)
}
