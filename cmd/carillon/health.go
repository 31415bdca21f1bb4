package main

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/spf13/cobra"
)

func newHealthCommand() *cobra.Command {
	var endpoint string
	var wait time.Duration
	c := &cobra.Command{
		Use:   "health",
		Short: "Ask a server whether it serves",
		Long: `Health asks a server whether it serves, and prints its version. The exit status is 1 if it does not: containers
and scripts use it as their probe. It needs no key.`,
		Example: `  carillon health
  carillon health --wait 30s --endpoint http://127.0.0.1:4566   # until it does, at most half a minute`,
		Args: exactly(),
		RunE: func(c *cobra.Command, _ []string) error {
			version, err := health(c.Context(), endpoint, wait)
			if err == nil {
				_, err = fmt.Fprintf(c.OutOrStdout(), "ok: Carillon %s at %s\n", version, endpoint)
			}
			return err
		},
	}
	c.Flags().StringVar(&endpoint, "endpoint", urlFromEnvironment(), "the server (AWS_ENDPOINT_URL)")
	c.Flags().DurationVar(&wait, "wait", 0, "go on asking for this long until it serves")
	return c
}

// probeFor is how long a server has to answer.
const probeFor = 5 * time.Second

// health asks until the server serves, or wait is over, and returns its version.
func health(ctx context.Context, endpoint string, wait time.Duration) (string, error) {
	over, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	for {
		version, err := probe(ctx, endpoint)
		if err == nil {
			return version, nil
		}
		select {
		case <-over.Done():
			return "", err
		case <-time.After(100 * time.Millisecond):
		}
	}
}

func probe(ctx context.Context, endpoint string) (string, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, probeFor, fmt.Errorf("%s does not answer within %s", endpoint, probeFor))
	defer cancel()
	body, err := getAdmin(ctx, endpoint, "/health")
	if cause := context.Cause(ctx); err != nil && ctx.Err() == context.DeadlineExceeded {
		return "", cause
	}
	if err != nil {
		return "", err
	}
	defer body.Close()
	var answer struct {
		Version string `json:"version"`
	}
	if err := json.NewDecoder(body).Decode(&answer); err != nil || answer.Version == "" {
		return "", fmt.Errorf("what answers at %s is not Carillon", endpoint)
	}
	return answer.Version, nil
}
