package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/carillon-events/carillon/internal/server"
)

func newHealthCommand() *cobra.Command {
	var endpoint string
	var wait time.Duration
	c := &cobra.Command{
		Use:   "health",
		Short: "Ask a server whether it serves",
		Long: `Health asks a server whether it serves, and prints its version. The exit status is 1 if it does not: containers
and scripts use it as their probe. It needs no key.

Without --endpoint and AWS_ENDPOINT_URL it asks the server on this machine that has the same CARILLON_… variables, over
TLS where that server speaks it. Its certificate is not verified then, since nothing is told to it.`,
		Example: `  carillon health
  carillon health --wait 30s --endpoint http://127.0.0.1:4566   # until it does, at most half a minute`,
		Args: exactly(),
		RunE: func(c *cobra.Command, _ []string) error {
			ask := probe
			if endpoint == "" {
				var err error
				if endpoint, err = ownEndpoint(os.Environ()); err != nil {
					return err
				}
				ask = probeOwn
			}
			a, err := health(c.Context(), endpoint, wait, ask)
			if err == nil {
				_, err = fmt.Fprintf(c.OutOrStdout(), "ok: Carillon %s at %s\n", a.version, a.endpoint)
			}
			return err
		},
	}
	c.Flags().StringVar(&endpoint, "endpoint", os.Getenv("AWS_ENDPOINT_URL"), "`URL` of the server (default: AWS_ENDPOINT_URL, or that of this machine)")
	c.Flags().DurationVar(&wait, "wait", 0, "go on asking for this long until it serves")
	return c
}

// probeFor is how long a server has to answer.
const probeFor = 5 * time.Second

// alive is who has answered.
type alive struct{ endpoint, version string }

// health asks until the server serves, or wait is over.
func health(ctx context.Context, endpoint string, wait time.Duration, ask func(context.Context, string) (alive, error)) (alive, error) {
	over, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	for {
		a, err := ask(ctx, endpoint)
		if err == nil {
			return a, nil
		}
		select {
		case <-over.Done():
			return alive{}, err
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// probeOwn asks the server on this machine, which may have been told on its
// command line that it speaks TLS.
func probeOwn(ctx context.Context, endpoint string) (alive, error) {
	ctx = withoutVerifying(ctx)
	a, err := probe(ctx, endpoint)
	if address, plain := strings.CutPrefix(endpoint, "http://"); plain && err != nil && strings.Contains(err.Error(), "InvalidSecurity") {
		return probe(ctx, "https://"+address)
	}
	return a, err
}

// ownEndpoint is where a server listens that has this environment.
func ownEndpoint(environ []string) (string, error) {
	s := newServeSettings()
	s.environ = environ
	for _, g := range s.groups {
		s.all.AddFlagSet(g.flags)
	}
	if err := s.merge(); err != nil {
		return "", err
	}
	host, port, err := net.SplitHostPort(s.listen)
	if err != nil || port == "0" {
		return "http://" + server.DefaultListen, nil
	}
	switch host {
	case "", "0.0.0.0":
		host = "127.0.0.1"
	case "::":
		host = "::1"
	}
	scheme := "http://"
	if c := s.tlsConfig(); c.On() {
		scheme = "https://"
	}
	return scheme + net.JoinHostPort(host, port), nil
}

func probe(ctx context.Context, endpoint string) (a alive, err error) {
	ctx, cancel := context.WithTimeoutCause(ctx, probeFor, fmt.Errorf("%s does not answer within %s", endpoint, probeFor))
	defer cancel()
	body, err := send(ctx, request{method: http.MethodGet, endpoint: endpoint, path: "/health"})
	if cause := context.Cause(ctx); err != nil && ctx.Err() == context.DeadlineExceeded {
		return a, cause
	}
	if err != nil {
		return a, err
	}
	defer body.Close()
	var answer struct {
		Version string `json:"version"`
	}
	if err := json.NewDecoder(body).Decode(&answer); err != nil || answer.Version == "" {
		return a, fmt.Errorf("what answers at %s is not Carillon", endpoint)
	}
	return alive{endpoint, answer.Version}, nil
}
